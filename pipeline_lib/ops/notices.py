"""Notices to operators as plain data, for whatever channel they go to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.ops.advice import after_last_try, kind_of, message_of
from pipeline_lib.ops.problems import REMINDER, Notification
from pipeline_lib.ops.unreported import Unreported

_BROKEN, _WARNING, _LATE, _WELL = ":wrench:", ":warning:", ":hourglass:", ":white_check_mark:"
_MOST_PROBLEMS = 10
_MOST_NAMES = 3
_HOURS = int(REMINDER.total_seconds()) // 3600


@dataclass(frozen=True, slots=True)
class Link:
    """A page to look at.

    Attributes:
        label: What it is.
        url: Where it is.
    """

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class OpsNotice:
    """One message to operators.

    Attributes:
        icon: Its kind, as Slack writes an emoji.
        title: One line.
        facts: Label and text of each line below it.
        to_do: What to do, in one or two sentences.
        links: Pages to look at.
    """

    icon: str
    title: str
    facts: tuple[tuple[str, str], ...]
    to_do: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One task of one run.

    Attributes:
        pipeline: Name of the pipeline.
        task: Name of the task.
        moment: The run's moment (UTC).
        links: Its log and its run.
    """

    pipeline: str
    task: str
    moment: datetime
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task that failed for good.

    Attributes:
        run: The task's run.
        error: What it raised, or None when its process vanished.
        try_number: The try that failed, from 1.
        tries: How many there are.
    """

    run: TaskRun
    error: BaseException | None
    try_number: int
    tries: int


def failure_notice(failure: TaskFailure, problem: OpenProblem, notification: Notification) -> OpsNotice:
    """A task failed after its last try.

    Args:
        failure: The failure.
        problem: The open problem with this failure.
        notification: Whether the problem is new to operators.
    """
    run, first = failure.run, format_moment(problem.since)
    facts = [
        (kind_of(failure.error), message_of(failure.error)),
        ("Run", f"{format_moment(run.moment)}, try {failure.try_number} of {failure.tries}"),
    ]
    if notification is Notification.STILL:
        facts.append(("Since", f"the run of {first}; {counted(problem.runs, 'failure')} so far"))
    verb = "still fails" if notification is Notification.STILL else "failed"
    to_do = (
        f"{after_last_try(failure.error)} "
        f"The same problem of this task is reported again after {_HOURS} hours, and once when it works again."
    )
    return OpsNotice(_BROKEN, f"{run.pipeline} · {run.task} {verb}", tuple(facts), to_do, run.links)


def recovery_notice(run: TaskRun, problem: OpenProblem) -> OpsNotice:
    """A task that had failed did its work."""
    first, last = format_moment(problem.since), format_moment(problem.last)
    harmed = f"the run of {first} is" if first == last else f"runs of {first} to {last} are"
    facts = (
        ("Run", format_moment(run.moment)),
        ("Had failed since", f"the run of {first}; {counted(problem.runs, 'failure')}"),
    )
    to_do = f"nothing for the runs to come; where {harmed} still red, clear the failed tasks."
    return OpsNotice(_WELL, f"{run.pipeline} · {run.task} works again", facts, to_do, run.links)


def warning_notice(run: TaskRun, outcome: Outcome, warnings: Sequence[str]) -> OpsNotice:
    """A task saw something that people should look at.

    Args:
        run: The task's run.
        outcome: What it did.
        warnings: Those of its warnings that are new to operators.
    """
    done = _describe_data(outcome)
    facts = (
        *(("Seen", warning) for warning in warnings),
        ("Run", f"{format_moment(run.moment)}: {done}"),
    )
    to_do = f"check whether this matters to you; the same warning is reported again after {_HOURS} hours."
    return OpsNotice(_WARNING, f"{run.pipeline} · {run.task} warns", facts, to_do, run.links)


def _describe_data(outcome: Outcome) -> str:
    match outcome:
        case Done(missing=0):
            return "done, no data is missing"
        case Done(missing=missing):
            return f"done, {counted(missing, 'coin')} missing"
        case Skipped():
            return "skipped, its data is missing"


def late_notice(run: TaskRun, needed_by: datetime) -> OpsNotice:
    """A run hasn't ended by its deadline."""
    moment = format_moment(run.moment)
    facts = (("Run", f"{moment}, due by {format_moment(needed_by)}, not done"),)
    to_do = (
        "open the run: is a task waiting for a retry, for a worker or for CoinGecko? "
        "If no task has started, check the scheduler and the executor's free slots."
    )
    return OpsNotice(_LATE, f"{run.pipeline} · the run of {moment} is late", facts, to_do, run.links)


def unreported_notice(unreported: Sequence[Unreported]) -> OpsNotice:
    """What wasn't reported while the database couldn't be reached."""
    facts = [(each.title, f"run of {format_moment(each.run_moment)}") for each in unreported[:_MOST_PROBLEMS]]
    if len(unreported) > _MOST_PROBLEMS:
        facts.append(("And", f"{len(unreported) - _MOST_PROBLEMS} more"))
    count = counted(len(unreported), "failure")
    to_do = "the database can be reached again; where a run is still red, clear its failed tasks."
    return OpsNotice(_WELL, f"{count} while the database could not be reached", tuple(facts), to_do)


def invalid_specs_notice(specs: Sequence[str], problems: Sequence[str]) -> OpsNotice:
    """Specs are invalid.

    Args:
        specs: The names of the files that the problems are in, without their suffix.
        problems: Those that are new to operators, each with its place.
    """
    verb = "an invalid spec" if len(specs) == 1 else "invalid specs"
    to_do = (
        "fix what each line names; coin-pipelines validate shows every problem of the specs. "
        "Until then these pipelines don't run; others do."
    )
    return OpsNotice(_BROKEN, f"{_list_of(specs)} · {verb}", _problem_facts(problems), to_do)


def mended_specs_notice(specs: Sequence[str]) -> OpsNotice:
    """Specs that were invalid are valid again, or gone.

    Args:
        specs: The names of their files, without the suffix.
    """
    state = "the spec is mended" if len(specs) == 1 else "the specs are mended"
    to_do = (
        "nothing for the moments to come. Where a moment was missed, coin-pipelines backfill fills the gap: "
        "coin-pipelines status shows it."
    )
    facts = (("Valid again, or gone", ", ".join(specs[:_MOST_PROBLEMS])),)
    return OpsNotice(_WELL, f"{_list_of(specs)} · {state}", facts, to_do)


def import_error_notice(file_name: str, problems: Sequence[str]) -> OpsNotice:
    """Airflow can't import a DAG file, for another reason than invalid specs."""
    count = "1 new problem" if len(problems) == 1 else f"{len(problems)} new problems"
    to_do = "fix what each line names. Until then the pipelines of this file don't run; others do."
    return OpsNotice(_BROKEN, f"{file_name} · {count}", _problem_facts(problems), to_do)


def _problem_facts(problems: Sequence[str]) -> tuple[tuple[str, str], ...]:
    facts = [("Problem", problem) for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        facts.append(("And", f"{len(problems) - _MOST_PROBLEMS} more"))
    return tuple(facts)


def _list_of(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")

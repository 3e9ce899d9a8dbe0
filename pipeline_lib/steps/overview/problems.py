"""What needs a person, and what to do about it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.ops.problem_record import LATE
from pipeline_lib.steps.overview.moments import LOOKBACK
from pipeline_lib.steps.overview.status import Problem, ProblemKind, S3Status, SeriesStatus

_LOOKBACK_TEXT = f"in the last {LOOKBACK.days} days"


def spec_problem(diagnostic: Diagnostic) -> Problem:
    """What keeps a pipeline from running."""
    return Problem(ProblemKind.INVALID_SPEC, str(diagnostic), "fix it; its pipelines don't run until then")


def find_open_problems(open_problems: Mapping[str, OpenProblem]) -> Iterator[Problem]:
    """What operators were notified of and hasn't been seen to work since.

    Args:
        open_problems: By subject.
    """
    for subject, problem in open_problems.items():
        # Nothing closes the one of late runs: lateness follows from the observations.
        if subject != LATE:
            kinds = ", ".join(problem.notified_at)
            times = "once" if problem.runs == 1 else f"{problem.runs} times"
            yield Problem(
                ProblemKind.OPEN_PROBLEM,
                f"{subject}: {kinds} since the run of {format_moment(problem.since)}, {times}",
                "read the task's log in Airflow, fix the cause, clear the task",
            )


def find_s3_problems(pipeline: str, s3: S3Status | None) -> Iterator[Problem]:
    """What S3 lacks of a day that is over.

    Args:
        pipeline: Name of the pipeline.
        s3: How far S3 is; None for a pipeline that publishes nothing.
    """
    if s3 and s3.oldest and s3.is_behind_a_day:
        refused = f", {s3.refused} of them refused" if s3.refused else ""
        count = counted(s3.behind, "snapshot")
        yield Problem(
            ProblemKind.S3_BEHIND,
            f"S3 lacks {count}{refused}, the oldest of {format_moment(s3.oldest)}",
            f"coin-pipelines upload {pipeline}",
        )


def find_series_problems(pipeline: str, series: SeriesStatus, awaited: datetime | None) -> Iterator[Problem]:
    """What needs a person in a series.

    Args:
        pipeline: Name of the pipeline.
        series: How it is.
        awaited: The newest moment whose run should have ended (UTC); None when there is none.
    """
    if awaited and (series.moment is None or series.moment < awaited):
        newest = f"the newest is of {format_moment(series.moment)}" if series.moment else "there is none yet"
        yield Problem(
            ProblemKind.LATE,
            f"no price of {format_moment(awaited)}; {newest}",
            "look at its runs in Airflow: is the pipeline switched on, does a task fail or wait?",
        )
    if series.gaps:
        yield Problem(
            ProblemKind.GAPS,
            f"{counted(len(series.gaps), 'moment')} without a price {_LOOKBACK_TEXT}",
            _backfill(pipeline, series.gaps),
        )
    if series.quarantined:
        yield Problem(
            ProblemKind.QUARANTINED,
            f"{counted(series.quarantined, 'moment')} with refused answers alone {_LOOKBACK_TEXT}",
            f"coin-pipelines quarantine {pipeline} shows them; clear the failed task once the price is right",
        )
    if series.undelivered:
        yield Problem(
            ProblemKind.UNDELIVERED,
            f"{counted(series.undelivered, 'price alert')} not delivered {_LOOKBACK_TEXT}",
            f"check the webhook; coin-pipelines alerts history {pipeline} lists them",
        )


def _backfill(pipeline: str, gaps: Sequence[datetime]) -> str:
    first, last = format_moment(gaps[0]), format_moment(gaps[-1])
    return f"coin-pipelines backfill {pipeline} --from {first} --to {last}"

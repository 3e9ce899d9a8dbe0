"""When operators are notified of a problem: at once, again each day while it lasts, and when it is over."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from pipeline_lib.common.timestamps import CLOCK_TOLERANCE
from pipeline_lib.model.open_problem import OpenProblem

REMINDER = timedelta(hours=24)
"""How long operators aren't notified again of the same problem of one task."""


class Notification(Enum):
    """Whether operators are notified of one more failure."""

    NEW = "new"
    """This kind of problem is new to them."""
    STILL = "still"
    """They know it, and it is time to remind them."""
    NOTHING = "nothing"
    """They know it."""


def decide(problem: OpenProblem | None, kind: str, now: datetime) -> Notification:
    """Whether operators are notified of a failure.

    Args:
        problem: What is open already, or None.
        kind: The kind of problem, such as the exception's name; each kind is news of its own.
        now: The real time: people are reminded by their own clock, however many runs are made up for.
    """
    notified_at = problem.notified_at.get(kind) if problem else None
    if notified_at is None:
        return Notification.NEW
    return Notification.NOTHING if is_recent(notified_at, now) else Notification.STILL


def is_recent(notified_at: datetime, now: datetime) -> bool:
    """Whether operators aren't notified again yet; a time ahead of now is of a clock that was fast.

    Args:
        notified_at: When they were notified, by the clock of then.
        now: The real time.
    """
    return -CLOCK_TOLERANCE <= now - notified_at < REMINDER


def add_failure(problem: OpenProblem | None, moment: datetime) -> OpenProblem:
    """The problem with one more failure, of the run of ``moment``."""
    if problem is None:
        return OpenProblem(since=moment, last=moment, runs=1, notified_at={})
    return replace(problem, last=moment, runs=problem.runs + 1)


def add_notification(problem: OpenProblem, kind: str, now: datetime) -> OpenProblem:
    """The problem after operators were notified of ``kind``.

    Args:
        problem: The open problem.
        kind: The kind of problem, such as the exception's name.
        now: The real time.
    """
    return replace(problem, notified_at={**problem.notified_at, kind: now})


def is_over(problem: OpenProblem, moment: datetime) -> bool:
    """Whether the success of the run of ``moment`` shows that it works again.

    The success of an earlier run than the one that failed last shows nothing: it may be a backfill's.
    """
    return moment >= problem.last

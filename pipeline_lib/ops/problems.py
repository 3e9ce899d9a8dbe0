"""When operators are told of a problem: at once, again each day while it lasts, and when it is over."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from pipeline_lib.model.open_problem import OpenProblem

REMINDER = timedelta(hours=24)
"""How long the same trouble of one task is told once only."""


class Notification(Enum):
    """What operators hear of one more failure."""

    NEW = "new"
    """This kind of trouble is new to them."""
    STILL = "still"
    """They know it, and it is time to remind them."""
    NOTHING = "nothing"
    """They know it."""


def decide(problem: OpenProblem | None, kind: str, now: datetime) -> Notification:
    """What is told of a failure.

    Args:
        problem: What is open already, or None.
        kind: The kind of trouble, such as the exception's name; two kinds are two things to tell.
        now: The real time: people are reminded by their own clock, however many runs are made up for.
    """
    told = problem.told.get(kind) if problem else None
    if told is None:
        return Notification.NEW
    return Notification.STILL if now - told >= REMINDER else Notification.NOTHING


def add_failure(problem: OpenProblem | None, moment: datetime) -> OpenProblem:
    """The problem with one more failure, of the run of ``moment``."""
    if problem is None:
        return OpenProblem(since=moment, last=moment, runs=1, told={})
    return replace(problem, last=moment, runs=problem.runs + 1)


def add_notification(problem: OpenProblem, kind: str, now: datetime) -> OpenProblem:
    """The problem after operators were told of ``kind``."""
    return replace(problem, told={**problem.told, kind: now})


def is_over(problem: OpenProblem, moment: datetime) -> bool:
    """Whether the success of the run of ``moment`` shows that it works again.

    The success of an earlier run than the one that failed last shows nothing: it may be a backfill's.
    """
    return moment >= problem.last

"""The moments of a schedule: when its runs are of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline_lib.specs.schedules.cron import cron_of, has_runs_on, minutes_of_day


def is_due(schedule: str, moment: datetime) -> bool:
    """Whether a run of ``schedule`` starts at ``moment``.

    Args:
        schedule: A preset or a cron expression that is valid.
        moment: UTC, to the second.
    """
    is_its_minute = not moment.second and moment.hour * 60 + moment.minute in minutes_of_day(schedule)
    return is_its_minute and has_runs_on(schedule, moment.date())


def moments_between(schedule: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment of a schedule from ``start`` to ``end``, both included (UTC), oldest first.

    Args:
        schedule: A preset or a cron expression that is valid.
        start: The first moment that may come.
        end: The last one.
    """
    from croniter import croniter  # noqa: PLC0415 (nothing that parses a DAG needs it)

    times = croniter(cron_of(schedule), start - timedelta(seconds=1), ret_type=datetime)
    while (moment := times.get_next()) <= end:
        yield moment

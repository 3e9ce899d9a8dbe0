"""The moments of a schedule: when its runs are of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline_lib.specs.schedules.cron import CRON_OF_PRESETS


def moments_between(schedule: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment of a schedule from ``start`` to ``end``, both included (UTC), oldest first.

    Args:
        schedule: A preset or a cron expression that is valid.
        start: The first moment that may come.
        end: The last one.
    """
    from croniter import croniter  # noqa: PLC0415 (nothing that parses a DAG needs it)

    cron = CRON_OF_PRESETS.get(schedule, schedule)
    times = croniter(cron, start - timedelta(seconds=1), ret_type=datetime)
    while (moment := times.get_next()) <= end:
        yield moment

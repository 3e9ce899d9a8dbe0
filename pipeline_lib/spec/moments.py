"""The moments of a schedule: when its runs are of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

# As Airflow reads them; croniter has no @quarterly.
_CRON_OF_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}


def moments_between(schedule: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment of a schedule from ``start`` to ``end``, both included (UTC), oldest first.

    Args:
        schedule: A preset or a cron expression that is valid.
        start: The first moment that may come.
        end: The last one.
    """
    from croniter import croniter  # noqa: PLC0415 (nothing that parses a DAG needs it)

    cron = _CRON_OF_PRESETS.get(schedule, schedule)
    times = croniter(cron, start - timedelta(seconds=1), ret_type=datetime)
    while (moment := times.get_next()) <= end:
        yield moment

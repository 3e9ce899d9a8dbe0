"""The runs of a schedule in one month that never changes, to count calls by.

January 2024: 31 days from a Monday on, with the first of a week, a month, a quarter and a year in it. So what
is counted over it depends on the specs alone. A schedule in another time zone has the hours of January.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from pipeline_lib.specs.schedules.cron import cron_of, has_runs_on, minutes_of_day
from pipeline_lib.specs.schedules.schedule import UTC_NAME, Schedule

DAYS = 31

_FIRST_DAY = date(2024, 1, 1)
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class MonthlyRuns:
    """Runs at every minute of ``minutes`` on each day of ``days``.

    Attributes:
        days: Days of the month, from 0.
        minutes: Minutes of a day, from midnight (UTC).
    """

    days: frozenset[int]
    minutes: frozenset[int]


@cache
def monthly_runs(schedule: Schedule) -> tuple[MonthlyRuns, ...]:
    """When runs start; no two parts have a minute in common.

    Args:
        schedule: A schedule that is valid.
    """
    _, _, *day_fields = cron_of(schedule.expression).split()
    fields, ahead = " ".join(day_fields), _minutes_ahead(schedule.timezone)
    # Local minutes of one day may lie on two days in UTC.
    parts: dict[int, set[int]] = defaultdict(set)
    for minute in minutes_of_day(schedule.expression):
        later_days, minute_in_utc = divmod(minute - ahead, _MINUTES_A_DAY)
        parts[later_days].add(minute_in_utc)
    return tuple(MonthlyRuns(_days(fields, later), frozenset(parts[later])) for later in sorted(parts))


def count_runs(schedule: Schedule) -> int:
    """The runs in the month."""
    return sum(len(part.days) * len(part.minutes) for part in monthly_runs(schedule))


def has_run_at(schedule: Schedule, day: int, minute: int) -> bool:
    """Whether a run starts at a minute of a day, both counted from 0 (UTC)."""
    return any(day in part.days and minute in part.minutes for part in monthly_runs(schedule))


def _minutes_ahead(timezone: str) -> int:
    if timezone == UTC_NAME:
        return 0
    from zoneinfo import ZoneInfo  # noqa: PLC0415 (most specs don't need it)

    first_hour = datetime(_FIRST_DAY.year, _FIRST_DAY.month, _FIRST_DAY.day, tzinfo=UTC)
    ahead = first_hour.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta()
    return ahead // timedelta(minutes=1)


@cache
def _days(day_fields: str, later: int) -> frozenset[int]:
    # Many schedules differ in minutes and hours alone.
    local = (_FIRST_DAY + timedelta(days=day - later) for day in range(DAYS))
    return frozenset(number for number, day in enumerate(local) if has_runs_on(f"0 0 {day_fields}", day))

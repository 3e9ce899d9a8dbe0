"""When a schedule's runs start, over one month that never changes.

January 2024: 31 days from a Monday on, with the first of a week, a month, a quarter and a year in it. So what
is counted over it depends on the specs alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from pipeline_lib.specs.schedules.cron import minutes_of_day

_START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 31
_EVERY_DAY = frozenset(range(DAYS))
_SUNDAYS = frozenset(range(6, DAYS, 7))
_FIRST_DAY = frozenset({0})
_MIDNIGHT = frozenset({0})


@dataclass(frozen=True, slots=True)
class RunTimes:
    """Every minute of ``minutes`` on each day of ``days``.

    Attributes:
        days: Days of the month, from 0.
        minutes: Minutes of a day, from midnight (UTC).
    """

    days: frozenset[int]
    minutes: frozenset[int]

    @property
    def count(self) -> int:
        """The runs in the month."""
        return len(self.days) * len(self.minutes)


PRESETS = {
    "@hourly": RunTimes(_EVERY_DAY, frozenset(range(0, 24 * 60, 60))),
    "@daily": RunTimes(_EVERY_DAY, _MIDNIGHT),
    "@weekly": RunTimes(_SUNDAYS, _MIDNIGHT),
    "@monthly": RunTimes(_FIRST_DAY, _MIDNIGHT),
    "@quarterly": RunTimes(_FIRST_DAY, _MIDNIGHT),
    "@yearly": RunTimes(_FIRST_DAY, _MIDNIGHT),
}


@cache
def run_times(schedule: str) -> RunTimes:
    """When runs start.

    Args:
        schedule: A preset or a cron expression that is valid.
    """
    if schedule in PRESETS:
        return PRESETS[schedule]
    _, _, *day_fields = schedule.split()
    return RunTimes(_days(" ".join(day_fields)), minutes_of_day(schedule))


@cache
def _days(day_fields: str) -> frozenset[int]:
    if day_fields == "* * *":
        return _EVERY_DAY
    from croniter import croniter  # noqa: PLC0415 (most specs run every day)

    end = _START + timedelta(days=DAYS)
    midnights = croniter(f"0 0 {day_fields}", _START - timedelta(minutes=1), ret_type=datetime)
    days = set()
    while (midnight := midnights.get_next()) < end:
        days.add((midnight - _START).days)
    return frozenset(days)

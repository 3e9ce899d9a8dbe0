"""The runs of a schedule in one month that never changes, to count calls by.

January 2024: 31 days from a Monday on, with the first of a week, a month, a quarter and a year in it. So what
is counted over it depends on the specs alone.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

from pipeline_lib.specs.schedules.cron import cron_of, has_runs_on, minutes_of_day

DAYS = 31


@dataclass(frozen=True, slots=True)
class MonthlyRuns:
    """Runs at every minute of ``minutes`` on each day of ``days``.

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


@cache
def monthly_runs(schedule: str) -> MonthlyRuns:
    """When runs start.

    Args:
        schedule: A preset or a cron expression that is valid.
    """
    _, _, *day_fields = cron_of(schedule).split()
    return MonthlyRuns(_days(" ".join(day_fields)), minutes_of_day(schedule))


@cache
def _days(day_fields: str) -> frozenset[int]:
    # Many schedules differ in minutes and hours alone.
    return frozenset(day for day in range(DAYS) if has_runs_on(f"0 0 {day_fields}", date(2024, 1, day + 1)))

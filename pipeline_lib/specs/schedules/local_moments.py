"""The moments of a schedule in a time zone whose clock is changed: those at which Airflow's timetable runs.

A local time that comes twice is taken at the second of its moments. One that is left out is taken as much
later as the clock is put forward. A schedule with runs in every hour goes on by elapsed time instead, so that
no hour is left out and none is run twice.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pipeline_lib.specs.schedules.cron import LONGEST_PAUSE_DAYS, cron_of, has_runs_on, minutes_of_day
from pipeline_lib.specs.schedules.schedule import Schedule

_HOURS_A_DAY = 24
# No clock is put forward or back by more.
_LARGEST_CHANGE = timedelta(days=1)


def is_due_locally(schedule: Schedule, moment: datetime) -> bool:
    """Whether a run starts at a moment (UTC)."""
    zone = ZoneInfo(schedule.timezone)
    local = moment.astimezone(zone)
    around = (moment - 2 * _LARGEST_CHANGE, moment, moment + _LARGEST_CHANGE)
    is_changed = len({each.astimezone(zone).utcoffset() for each in around}) > 1
    if is_changed or _goes_on_over_days(schedule.expression):
        return next(local_moments(schedule, moment, moment), None) is not None
    is_its_minute = not local.second and local.hour * 60 + local.minute in minutes_of_day(schedule.expression)
    return is_its_minute and has_runs_on(schedule.expression, local.date())


def local_moments(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment from ``start`` to ``end``, both included (UTC), oldest first.

    Args:
        schedule: A schedule that is valid.
        start: The first moment that may come.
        end: The last one.
    """
    zone, expression = ZoneInfo(schedule.timezone), schedule.expression
    goes_by_elapsed_time = _runs_every_hour(expression)
    moment = _before(expression, start.astimezone(zone).date(), zone)
    last_day = end.astimezone(zone).date() + 2 * _LARGEST_CHANGE
    while True:
        local = moment.astimezone(zone).replace(tzinfo=None)
        following = _next_local_time(expression, local, last_day)
        if following is None:
            return
        moment = moment + (following - local) if goes_by_elapsed_time else _moment_of(following, zone)
        if moment > end:
            return
        if moment >= start:
            yield moment


def moment_of(local: datetime, timezone: str) -> datetime:
    """The moment (UTC) of a local time in a time zone, as Airflow takes times that come twice or never."""
    return _moment_of(local, ZoneInfo(timezone))


def _moment_of(local: datetime, zone: ZoneInfo) -> datetime:
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(first, second)


def _before(expression: str, day: date, zone: ZoneInfo) -> datetime:
    """A moment to count from, on the last day with runs that is over for certain on ``day``."""
    newest = day - 2 * _LARGEST_CHANGE
    days = (newest - timedelta(days=before) for before in range(LONGEST_PAUSE_DAYS))
    found = next((each for each in days if has_runs_on(expression, each)), newest)
    minutes = _sorted_minutes(expression)
    # Clocks are changed at night: where runs are in every hour, the one at noon is a run whatever was before.
    return _moment_of(_at(found, minutes[len(minutes) // 2]), zone)


def _next_local_time(expression: str, local: datetime, last_day: date) -> datetime | None:
    minutes, day = _sorted_minutes(expression), local.date()
    place = bisect_right(minutes, local.hour * 60 + local.minute)
    if place < len(minutes) and has_runs_on(expression, day):
        return _at(day, minutes[place])
    while day < last_day:
        day += timedelta(days=1)
        if has_runs_on(expression, day):
            return _at(day, minutes[0])
    return None


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(*divmod(minute, 60)))


@cache
def _sorted_minutes(expression: str) -> tuple[int, ...]:
    return tuple(sorted(minutes_of_day(expression)))


@cache
def _runs_every_hour(expression: str) -> bool:
    return len({minute // 60 for minute in minutes_of_day(expression)}) == _HOURS_A_DAY


def _goes_on_over_days(expression: str) -> bool:
    """Whether elapsed time leads from one day with runs to another, and so over a change of long ago."""
    _, _, *day_fields = cron_of(expression).split()
    return _runs_every_hour(expression) and day_fields != ["*", "*", "*"]

"""The moments of a schedule: when its runs are of."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from pipeline_lib.specs.schedules.cron import LONGEST_PAUSE_DAYS, has_runs_on, minutes_of_day
from pipeline_lib.specs.schedules.schedule import UTC_NAME, Schedule

# How far back the last moment is looked for in one go, in days: nearly always the first is enough.
_SPANS = (1, 8, 64, 512, LONGEST_PAUSE_DAYS)


def is_due(schedule: Schedule, moment: datetime) -> bool:
    """Whether a run of ``schedule`` starts at ``moment``.

    Args:
        schedule: A schedule that is valid.
        moment: UTC, to the second.
    """
    if schedule.timezone != UTC_NAME:
        from pipeline_lib.specs.schedules.local_moments import is_due_locally  # noqa: PLC0415 (imports zoneinfo)

        return is_due_locally(schedule, moment)
    expression = schedule.expression
    is_its_minute = not moment.second and moment.hour * 60 + moment.minute in minutes_of_day(expression)
    return is_its_minute and has_runs_on(expression, moment.date())


def moments_between(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment of a schedule from ``start`` to ``end``, both included (UTC), oldest first.

    Args:
        schedule: A schedule that is valid.
        start: The first moment that may come.
        end: The last one.
    """
    if schedule.timezone != UTC_NAME:
        from pipeline_lib.specs.schedules.local_moments import local_moments  # noqa: PLC0415 (as above)

        return local_moments(schedule, start, end)
    return _utc_moments(schedule.expression, start, end)


def last_moment(schedule: Schedule, until: datetime) -> datetime | None:
    """The newest moment of a schedule up to ``until``, itself included (UTC); None for none in eight years.

    Args:
        schedule: A schedule that is valid.
        until: The last moment that may be found.
    """
    for days in _SPANS:
        newest = deque(moments_between(schedule, until - timedelta(days=days), until), 1)
        if newest:
            return newest[0]
    return None


def _utc_moments(expression: str, start: datetime, end: datetime) -> Iterator[datetime]:
    times = [timedelta(minutes=minute) for minute in sorted(minutes_of_day(expression))]
    for number in range(start.toordinal(), end.toordinal() + 1):
        day = date.fromordinal(number)
        if has_runs_on(expression, day):
            midnight = datetime.combine(day, time(), UTC)
            for since_midnight in times:
                moment = midnight + since_midnight
                if start <= moment <= end:
                    yield moment

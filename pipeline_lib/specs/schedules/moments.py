"""The moments of a schedule: when its runs are of."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from pipeline_lib.specs.schedules.cron import has_runs_on, minutes_of_day

# Two 29 Februaries are as far apart where a century's last year is no leap year.
_LONGEST_PAUSE_DAYS = 8 * 366


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
    times = [timedelta(minutes=minute) for minute in sorted(minutes_of_day(schedule))]
    for number in range(start.toordinal(), end.toordinal() + 1):
        day = date.fromordinal(number)
        if has_runs_on(schedule, day):
            midnight = datetime.combine(day, time(), UTC)
            for since_midnight in times:
                moment = midnight + since_midnight
                if start <= moment <= end:
                    yield moment


def last_moment(schedule: str, until: datetime) -> datetime | None:
    """The newest moment of a schedule up to ``until``, itself included (UTC); None for none in eight years.

    Args:
        schedule: A preset or a cron expression that is valid.
        until: The last moment that may be found.
    """
    midnight = datetime.combine(until.date(), time(), UTC)
    for days in range(_LONGEST_PAUSE_DAYS):
        day = midnight - timedelta(days=days)
        of_day = list(moments_between(schedule, day, min(until, day + timedelta(days=1, seconds=-1))))
        if of_day:
            return of_day[-1]
    return None

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs import Schedule
from pipeline_lib.specs.schedules.cron import PRESETS
from pipeline_lib.specs.schedules.moments import is_due, last_moment, moments_between

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

SPRING_AND_AUTUMN = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    # The other half of the world; half an hour; at midnight; and within a day, shortly before midnight.
    "Australia/Sydney": (datetime(2026, 10, 3, 16, tzinfo=UTC), datetime(2026, 4, 4, 16, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 10, 3, 15, 30, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC)),
    "America/Havana": (datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
    "America/Nuuk": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
}
CHANGES = [(zone, change) for zone, changes in SPRING_AND_AUTUMN.items() for change in changes]

DAILY = ["@daily", "30 2 * * *", "0 1 * * *", "0 2 * * *", "0 3 * * *", "59 23 * * *", "30 1 * * *"]
HOURLY = ["@hourly", "*/30 * * * *", "7,52 */1 * * *"]
ODD = [
    "0 */2 * * *", "15,45 2 * * *", "*/20 1-3 * * *", "30 0,1,2,3 * * *", "0 * * * 6", "*/30 * * * 0,6",
    "0 0-22 * * *", "0 9 * * mon-fri", "30 2 * * 0", "30 2 29 * *", "0 * 1 4,11 *", "@weekly", "@monthly",
]  # fmt: skip


def airflows_moments(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """The runs that Airflow's own timetable makes one after the other."""
    timetable = CronTriggerTimetable(schedule.expression, timezone=schedule.timezone)
    restriction = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
    last: DataInterval | None = None
    while True:
        run = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        assert run is not None
        assert run.logical_date is not None
        if run.logical_date > end:
            return
        last = run.data_interval
        yield datetime.fromtimestamp(run.logical_date.timestamp(), UTC)


@pytest.mark.parametrize("expression", [*DAILY, *HOURLY, *ODD])
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_moments_are_those_of_airflows_timetable(zone: str, change: datetime, expression: str) -> None:
    schedule = Schedule(expression, zone)
    # Where a day comes once a month, the change counts from the last such day on.
    before = 4 * DAY if expression.endswith(" * * *") or expression in PRESETS else 40 * DAY
    theirs = [
        moment
        for moment in airflows_moments(schedule, change - before, change + 9 * DAY)
        if moment >= change - 3 * DAY
    ]
    assert list(moments_between(schedule, change - 3 * DAY, change + 9 * DAY)) == theirs


@pytest.mark.parametrize("expression", DAILY)
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_a_daily_schedule_has_one_run_on_each_day(zone: str, change: datetime, expression: str) -> None:
    moments = list(moments_between(Schedule(expression, zone), change - 3 * DAY, change + 4 * DAY))
    apart = [later - earlier for earlier, later in pairwise(moments)]
    assert moments[-1] - moments[0] > 5 * DAY
    assert all(timedelta(hours=23) <= each <= timedelta(hours=25) for each in apart)
    local = [moment.astimezone(ZoneInfo(zone)).strftime("%H:%M") for moment in moments]
    assert len(moments) - local.count(local[0]) <= 1


@pytest.mark.parametrize(("zone", "change"), CHANGES[:4])
def test_an_hourly_schedule_has_one_run_in_each_hour(zone: str, change: datetime) -> None:
    for expression in ("@hourly", "30 * * * *"):
        moments = list(moments_between(Schedule(expression, zone), change - DAY, change + DAY))
        assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(hours=1)}


@pytest.mark.parametrize(
    ("expression", "moments"),
    [
        ("30 2 * * *", ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]),
        ("0 9 * * *", ["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"]),
        ("0 9 * * 0", ["2026-03-29T07:00"]),
    ],
)
def test_a_local_time_moves_in_utc(expression: str, moments: list[str]) -> None:
    expected = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in moments]
    start, end = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, 23, tzinfo=UTC)
    found = list(moments_between(Schedule(expression, "Europe/Berlin"), start, end))
    assert found == expected
    assert all(moment.utcoffset() == timedelta(0) for moment in found)


@pytest.mark.parametrize(
    "expression", ["30 2 * * *", "@hourly", "*/30 1-3 * * *", "15,45 2 * * *", "0 * * * 6"]
)
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_a_minute_is_due_when_it_is_a_moment(zone: str, change: datetime, expression: str) -> None:
    schedule = Schedule(expression, zone)
    start = change - timedelta(hours=30)
    moments = set(moments_between(schedule, start, start + 3 * DAY))
    minutes = [start + number * 15 * MINUTE for number in range(3 * 24 * 4 + 1)]
    assert {minute for minute in minutes if is_due(schedule, minute)} == moments.intersection(minutes)
    assert not any(is_due(schedule, moment + timedelta(seconds=1)) for moment in moments)


_EXPRESSIONS = st.sampled_from([*DAILY, *HOURLY, *ODD, "0 0 29 2 *"])
_ZONES = st.sampled_from([*SPRING_AND_AUTUMN, "Asia/Kolkata", "Etc/GMT+5", "Africa/Casablanca"])
_TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1))  # noqa: DTZ001 (hypothesis wants bare bounds)


@given(_EXPRESSIONS, _ZONES, _TIMES, st.integers(0, 9 * 24 * 60))
@settings(max_examples=60, deadline=None)
def test_a_span_holds_what_a_longer_one_holds_of_it(
    expression: str, zone: str, start: datetime, minutes: int
) -> None:
    schedule, start = Schedule(expression, zone), start.replace(tzinfo=UTC)
    end = start + minutes * MINUTE
    longer = moments_between(schedule, start - 10 * DAY, end + DAY)
    assert list(moments_between(schedule, start, end)) == [each for each in longer if start <= each <= end]


@given(_EXPRESSIONS, _ZONES, _TIMES)
@settings(max_examples=60, deadline=None)
def test_the_last_moment_is_the_newest_up_to_a_time(expression: str, zone: str, until: datetime) -> None:
    schedule, until = Schedule(expression, zone), until.replace(tzinfo=UTC)
    last = last_moment(schedule, until)
    assert last is not None
    assert is_due(schedule, last)
    assert list(moments_between(schedule, last, until)) == [last]


@given(st.sampled_from([*DAILY, *HOURLY, *ODD]), _TIMES)
@settings(max_examples=60, deadline=None)
def test_a_zone_that_is_utc_by_another_name_has_the_same_moments(expression: str, start: datetime) -> None:
    start = start.replace(tzinfo=UTC)
    named, plain = Schedule(expression, "Etc/UTC"), Schedule(expression)
    assert list(moments_between(named, start, start + 9 * DAY)) == list(
        moments_between(plain, start, start + 9 * DAY)
    )

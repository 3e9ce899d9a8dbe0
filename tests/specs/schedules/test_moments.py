from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.specs import Schedule
from pipeline_lib.specs.schedules.cron import PRESETS
from pipeline_lib.specs.schedules.moments import is_due, last_moment, moments_between
from pipeline_lib.specs.schedules.monthly_runs import monthly_runs

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_both_ends_are_included() -> None:
    assert list(moments_between(Schedule("@hourly"), START, START + 2 * HOUR)) == [
        START,
        START + HOUR,
        START + 2 * HOUR,
    ]
    second = timedelta(seconds=1)
    inner = moments_between(Schedule("@hourly"), START + second, START + 2 * HOUR - second)
    assert list(inner) == [START + HOUR]


def test_there_may_be_none() -> None:
    assert list(moments_between(Schedule("30 * * * *"), START, START + timedelta(minutes=29))) == []
    assert list(moments_between(Schedule("@daily"), START, START - DAY)) == []


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("@daily", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("@weekly", [6]),
        ("@monthly", [0]),
        ("@quarterly", [0]),
        ("@yearly", [0]),
        ("0 0 * * 1,3", [0, 2, 7]),
        ("0 0 2 * 0", [1, 6]),
    ],
)
def test_moments_are_those_at_which_airflow_runs(schedule: str, days: list[int]) -> None:
    found = moments_between(Schedule(schedule), START, START + 7 * DAY)
    assert list(found) == [START + day * DAY for day in days]


def test_a_leap_year_has_8784_hours() -> None:
    moments = list(moments_between(Schedule("@hourly"), START, START + 366 * DAY - HOUR))
    assert len(moments) == 8784
    assert moments == sorted(set(moments))
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)


@pytest.mark.parametrize(
    ("schedule", "due", "not_due"),
    [
        ("@hourly", "2018-02-05T14:00:00", "2018-02-05T14:01:00"),
        ("@daily", "2018-02-05T00:00:00", "2018-02-05T01:00:00"),
        ("@weekly", "2018-02-04T00:00:00", "2018-02-05T00:00:00"),
        ("@monthly", "2018-02-01T00:00:00", "2018-02-02T00:00:00"),
        ("@quarterly", "2018-04-01T00:00:00", "2018-02-01T00:00:00"),
        ("@yearly", "2018-01-01T00:00:00", "2018-02-01T00:00:00"),
        ("*/15 8-17 * * *", "2018-02-05T17:45:00", "2018-02-05T18:00:00"),
        ("0 12 * * mon-fri", "2018-02-05T12:00:00", "2018-02-04T12:00:00"),
        ("30 6 29 2 *", "2020-02-29T06:30:00", "2020-02-28T06:30:00"),
        ("0 0 13 * 5", "2018-02-13T00:00:00", "2018-02-14T00:00:00"),
    ],
)
def test_a_run_starts_at_its_times_and_no_others(schedule: str, due: str, not_due: str) -> None:
    moment = datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert is_due(Schedule(schedule), moment)
    assert not is_due(Schedule(schedule), moment + timedelta(seconds=1))
    assert not is_due(Schedule(schedule), datetime.fromisoformat(not_due).replace(tzinfo=UTC))


@pytest.mark.parametrize("schedule", [*PRESETS, "*/7 3,5 1-15 * 2", "59 23 * * 0"])
def test_a_due_moment_is_one_that_calls_are_counted_by(schedule: str) -> None:
    (runs,) = monthly_runs(Schedule(schedule))
    for hour in range(31 * 24):
        for minute in (0, 7, 59):
            moment = START + timedelta(hours=hour, minutes=minute)
            expected = hour // 24 in runs.days and hour % 24 * 60 + minute in runs.minutes
            assert is_due(Schedule(schedule), moment) == expected


_SCHEDULES = st.sampled_from(["*/5 * * * *", "0 0 1 * *", "15 10 * 2-11 *", "0 9 1,15 * 1-5", "0 0 31 * *"])
_TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1))  # noqa: DTZ001 (hypothesis wants bare bounds)


@given(_SCHEDULES, _TIMES)
def test_the_next_time_of_a_schedule_is_due(schedule: str, after: datetime) -> None:
    assert is_due(Schedule(schedule), croniter(schedule, after.replace(tzinfo=UTC)).get_next(datetime))


@given(_SCHEDULES, _TIMES)
def test_moments_are_those_of_croniter(schedule: str, start: datetime) -> None:
    start = start.replace(tzinfo=UTC)
    times = croniter(schedule, start - timedelta(microseconds=1), ret_type=datetime)
    expected = [times.get_next() for _ in range(20)]
    assert list(moments_between(Schedule(schedule), start, expected[-1])) == expected


@given(_SCHEDULES, _TIMES)
def test_the_last_moment_is_the_one_before_the_next(schedule: str, until: datetime) -> None:
    until = until.replace(tzinfo=UTC)
    last = last_moment(Schedule(schedule), until)
    assert last is not None
    assert last <= until < croniter(schedule, last).get_next(datetime)


def test_the_last_moment_may_be_years_ago_or_now() -> None:
    assert last_moment(Schedule("30 6 29 2 *"), START) == datetime(2020, 2, 29, 6, 30, tzinfo=UTC)
    assert last_moment(Schedule("0 0 29 2 *"), datetime(2104, 2, 28, 23, tzinfo=UTC)) == datetime(
        2096, 2, 29, tzinfo=UTC
    )
    assert last_moment(Schedule("@hourly"), START) == START
    assert last_moment(Schedule("@hourly"), START - timedelta(seconds=1)) == START - HOUR

from datetime import UTC, datetime, timedelta

import pytest

from pipeline_lib.specs.schedules.moments import moments_between

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_both_ends_are_included() -> None:
    assert list(moments_between("@hourly", START, START + 2 * HOUR)) == [
        START,
        START + HOUR,
        START + 2 * HOUR,
    ]
    second = timedelta(seconds=1)
    assert list(moments_between("@hourly", START + second, START + 2 * HOUR - second)) == [START + HOUR]


def test_there_may_be_none() -> None:
    assert list(moments_between("30 * * * *", START, START + timedelta(minutes=29))) == []
    assert list(moments_between("@daily", START, START - DAY)) == []


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
    assert list(moments_between(schedule, START, START + 7 * DAY)) == [START + day * DAY for day in days]


def test_a_leap_year_has_8784_hours() -> None:
    moments = list(moments_between("@hourly", START, START + 366 * DAY - HOUR))
    assert len(moments) == 8784
    assert moments == sorted(set(moments))
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.specs.schedules.due import is_due
from pipeline_lib.specs.schedules.run_times import PRESETS, run_times

JANUARY = datetime(2024, 1, 1, tzinfo=UTC)


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
    assert is_due(schedule, moment)
    assert not is_due(schedule, moment + timedelta(seconds=1))
    assert not is_due(schedule, datetime.fromisoformat(not_due).replace(tzinfo=UTC))


@pytest.mark.parametrize("schedule", [*PRESETS, "*/7 3,5 1-15 * 2", "59 23 * * 0"])
def test_it_agrees_with_the_times_that_the_calls_are_counted_by(schedule: str) -> None:
    times = run_times(schedule)
    for hour in range(31 * 24):
        for minute in (0, 7, 59):
            moment = JANUARY + timedelta(hours=hour, minutes=minute)
            expected = hour // 24 in times.days and hour % 24 * 60 + minute in times.minutes
            assert is_due(schedule, moment) == expected


@given(
    st.sampled_from(["*/5 * * * *", "0 0 1 * *", "15 10 * 2-11 *", "0 9 1,15 * 1-5", "0 0 31 * *"]),
    st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1)),  # noqa: DTZ001 - hypothesis wants bare bounds
)
def test_the_next_time_of_a_schedule_is_due(schedule: str, after: datetime) -> None:
    assert is_due(schedule, croniter(schedule, after.replace(tzinfo=UTC)).get_next(datetime))

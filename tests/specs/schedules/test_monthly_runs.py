from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter

from pipeline_lib.specs import Schedule
from pipeline_lib.specs.schedules.cron import PRESETS
from pipeline_lib.specs.schedules.moments import moments_between
from pipeline_lib.specs.schedules.monthly_runs import count_runs, has_run_at, monthly_runs

MONTH = datetime(2024, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "schedule",
    [
        *PRESETS,
        "* * * * *",
        "*/7 3,5-9/2 * * *",
        "  5  0  *  *  mon-fri ",
        "0 6 1,15 * fri",
        "30 12 L * *",
        "0 12 * jan sat#2",
        "0 0 29 2 *",
        "59 23 31 12 *",
    ],
)
def test_runs_are_those_of_croniter_one_by_one(schedule: str) -> None:
    (runs,) = monthly_runs(Schedule(schedule))
    found = sorted(day * 24 * 60 + minute for day in runs.days for minute in runs.minutes)
    moments = croniter(PRESETS.get(schedule, schedule), MONTH - MINUTE, ret_type=datetime)
    expected = []
    while (moment := moments.get_next()) < datetime(2024, 2, 1, tzinfo=UTC):
        expected.append((moment - MONTH) // MINUTE)
    assert found == expected
    assert count_runs(Schedule(schedule)) == len(expected)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Etc/GMT-14", "Europe/Berlin"])
@pytest.mark.parametrize(
    "expression", ["@hourly", "0 22 * * 1", "30 1,21 1,31 * *", "*/45 20-23,0-3 * * mon-fri"]
)
def test_runs_in_another_zone_are_its_moments(zone: str, expression: str) -> None:
    schedule = Schedule(expression, zone)
    expected = set(moments_between(schedule, MONTH, datetime(2024, 1, 31, 23, 59, tzinfo=UTC)))
    found = [
        MONTH + (day * 24 * 60 + minute) * MINUTE
        for part in monthly_runs(schedule)
        for day in part.days
        for minute in part.minutes
    ]
    assert len(found) == len(set(found)) == count_runs(schedule)
    assert set(found) == expected
    for moment in (MONTH + number * 15 * MINUTE for number in range(31 * 24 * 4)):
        since_midnight = moment.hour * 60 + moment.minute
        assert has_run_at(schedule, moment.day - 1, since_midnight) == (moment in expected)

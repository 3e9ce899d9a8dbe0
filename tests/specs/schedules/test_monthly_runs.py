from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter

from pipeline_lib.specs.schedules.cron import PRESETS
from pipeline_lib.specs.schedules.monthly_runs import monthly_runs

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
    runs = monthly_runs(schedule)
    found = sorted(day * 24 * 60 + minute for day in runs.days for minute in runs.minutes)
    moments = croniter(PRESETS.get(schedule, schedule), MONTH - MINUTE, ret_type=datetime)
    expected = []
    while (moment := moments.get_next()) < datetime(2024, 2, 1, tzinfo=UTC):
        expected.append((moment - MONTH) // MINUTE)
    assert found == expected
    assert runs.count == len(expected)

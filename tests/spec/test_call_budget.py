import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from croniter import croniter

from pipeline_lib.call_plan import DEMO_PLAN, CallPlan
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.spec.call_budget import calls_for, check_call_budget, run_minutes
from pipeline_lib.spec.findings import Finding
from pipeline_lib.spec.reading import read_spec

MONTH = datetime(2024, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MINIMAL = read_spec(Path(__file__).parent / "good" / "minimal.yaml", None)
PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}


def pipelines(**counts: int) -> list[PipelineSpec]:
    return [
        replace(MINIMAL, name=f"{schedule}-{number}", schedule=schedule)
        for schedule, count in counts.items()
        for number in range(count)
    ]


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
    found = run_minutes(schedule)
    moments = croniter(PRESETS.get(schedule, schedule), MONTH - MINUTE, ret_type=datetime)
    expected = []
    while (moment := moments.get_next()) < datetime(2024, 2, 1, tzinfo=UTC):
        expected.append((moment - MONTH) // MINUTE)
    assert list(found) == expected


def test_each_run_makes_one_call() -> None:
    assert calls_for({"usd": 3, "eur": 2}) == 5
    assert calls_for({}) == 0


def test_nothing_asks_for_nothing() -> None:
    assert list(check_call_budget([], CallPlan(1, 1))) == []


def test_thirteen_hourly_pipelines_are_within_the_demo_plan() -> None:
    assert list(check_call_budget(pipelines(**{"@hourly": 13}), DEMO_PLAN)) == []


def test_a_month_over_the_plan_is_told_with_the_schedules_that_weigh_most() -> None:
    specs = pipelines(**{"@yearly": 1, "@hourly": 13, "@daily": 1, "*/30 * * * *": 1})
    assert list(check_call_budget(specs, DEMO_PLAN)) == [
        Finding(
            (),
            "11,192 calls of CoinGecko in a month of 31 days, and the plan allows 10,000",
            "heaviest: 13 with @hourly make 9,672, 1 with */30 * * * * make 1,488, 1 with @daily make 31;"
            " run less often, or set COINGECKO_CALLS_PER_MONTH",
        )
    ]


def test_a_minute_over_the_plan_is_told_with_the_schedules_due_together() -> None:
    specs = pipelines(**{"@daily": 20, "0 0 * * *": 11, "1 0 * * *": 30})
    assert list(check_call_budget(specs, DEMO_PLAN)) == [
        Finding(
            (),
            "up to 31 calls of CoinGecko in one minute, and the plan allows 30",
            "due together: 20 with @daily make 20, 11 with 0 0 * * * make 11;"
            " spread the schedules over the hour, or set COINGECKO_CALLS_PER_MINUTE",
        )
    ]


def test_exactly_the_plan_is_within_it() -> None:
    specs = pipelines(**{"@daily": 2})
    assert list(check_call_budget(specs, CallPlan(per_minute=2, per_month=62))) == []
    assert len(list(check_call_budget(specs, CallPlan(per_minute=1, per_month=61)))) == 2


def test_ten_thousand_pipelines_are_counted_in_a_moment() -> None:
    schedules = [f"{minute} {hours} * * *" for minute in range(60) for hours in ("*", "*/2", "*/6", "0")]
    specs = pipelines(**dict.fromkeys(schedules, 42))
    start = time.perf_counter()
    assert len(list(check_call_budget(specs, DEMO_PLAN))) == 2
    assert time.perf_counter() - start < 5

import time
from dataclasses import replace
from pathlib import Path

from pipeline_lib.call_plan import DEMO_PLAN, CallPlan
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.spec.call_budget import calls_for, check_call_budget
from pipeline_lib.spec.findings import Finding
from pipeline_lib.spec.reading import read_spec

MINIMAL = read_spec(Path(__file__).parents[1] / "specs" / "good" / "minimal.yaml", None)


def pipelines(**counts: int) -> list[PipelineSpec]:
    return [
        replace(MINIMAL, name=f"{schedule}-{number}", schedule=schedule)
        for schedule, count in counts.items()
        for number in range(count)
    ]


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

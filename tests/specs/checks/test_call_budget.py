import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_lib.model.call_plan import DEMO_PLAN, CallPlan
from pipeline_lib.model.diagnostic import Diagnostic, Severity
from pipeline_lib.specs import Coins, NamedCoins, OneCoin, PipelineSpec, Schedule, TopCoins
from pipeline_lib.specs.checks.call_budget import calls_for, check_call_budget
from pipeline_lib.specs.reading.completion import read_spec

MINIMAL = read_spec(Path(__file__).parents[2] / "data" / "specs" / "good" / "minimal.yaml", None)


def pipelines(counts: Mapping[str, int], vs_currency: str = "usd") -> list[PipelineSpec]:
    """Pipelines by schedule, each of a coin of its own."""
    return [
        replace(
            MINIMAL,
            name=f"{schedule}-{number}",
            coins=OneCoin(f"{schedule}-{number}"),
            schedule=Schedule(schedule),
            vs_currency=vs_currency,
        )
        for schedule, count in counts.items()
        for number in range(count)
    ]


def in_currencies(count: int, schedule: str) -> list[PipelineSpec]:
    """Pipelines that share no call, each in a currency of its own."""
    return [spec for number in range(count) for spec in pipelines({schedule: 1}, f"currency-{number}")]


def test_pipelines_of_one_currency_share_calls_of_250_coins() -> None:
    assert calls_for({"usd": 1}) == calls_for({"usd": 250}) == 1
    assert calls_for({"usd": 251}) == 2
    assert calls_for({"usd": 1000}) == 4
    assert calls_for({"usd": 3, "eur": 251}) == 3
    assert calls_for({}) == 0


def test_nothing_asks_for_nothing() -> None:
    assert list(check_call_budget([], CallPlan(1, 1))) == []


def test_3250_hourly_pipelines_are_within_the_demo_plan() -> None:
    assert list(check_call_budget(pipelines({"@hourly": 3250}), DEMO_PLAN)) == []
    assert len(list(check_call_budget(pipelines({"@hourly": 3251}), DEMO_PLAN))) == 1


def test_a_coin_of_many_pipelines_is_asked_for_once() -> None:
    specs = [replace(spec, coins=OneCoin("bitcoin")) for spec in pipelines({"@hourly": 3251})]
    assert list(check_call_budget(specs, CallPlan(per_minute=1, per_month=31 * 24))) == []


@pytest.mark.parametrize(
    ("coins", "calls"),
    [
        ([NamedCoins(tuple(f"coin-{number}" for number in range(250)))], 1),
        ([NamedCoins(tuple(f"coin-{number}" for number in range(250))), OneCoin("coin-9")], 1),
        ([NamedCoins(tuple(f"coin-{number}" for number in range(250))), OneCoin("bitcoin")], 2),
        ([TopCoins(10)], 1),
        ([TopCoins(10), TopCoins(250)], 1),
        ([TopCoins(10), TopCoins(10, first=251)], 2),
        ([TopCoins(250, first=2)], 2),
        ([TopCoins(10), OneCoin("bitcoin")], 2),
    ],
)
def test_coins_share_calls_by_name_and_by_rank(coins: list[Coins], calls: int) -> None:
    specs = [
        replace(spec, coins=own) for spec, own in zip(pipelines({"@daily": len(coins)}), coins, strict=True)
    ]
    assert list(check_call_budget(specs, CallPlan(calls, 31 * calls))) == []
    assert len(list(check_call_budget(specs, CallPlan(calls - 1, 31 * calls - 1)))) == 2


def test_schedules_that_meet_share_calls() -> None:
    specs = pipelines({"@hourly": 100, "0 */2 * * *": 100, "@daily": 50})
    plan = CallPlan(per_minute=1, per_month=31 * 24)
    assert list(check_call_budget(specs, plan)) == []
    assert len(list(check_call_budget([*specs, *pipelines({"0 0 * * *": 1})], plan))) == 2


def test_a_month_over_the_plan_is_told_with_the_schedules_that_weigh_most() -> None:
    specs = [
        *in_currencies(13, "@hourly"),
        *pipelines({"@yearly": 1, "@daily": 1, "15,45 * * * *": 250}),
    ]
    assert list(check_call_budget(specs, DEMO_PLAN)) == [
        Diagnostic(
            (),
            "11,191 calls of CoinGecko in a month of 31 days, and the plan allows 10,000",
            "heaviest: 13 coins with @hourly make 9,672, 250 coins with 15,45 * * * * make 1,488,"
            " 1 coin with @daily make 31;"
            " let pipelines run at the same minutes, which share calls, or less often, or set"
            " COINGECKO_CALLS_PER_MONTH",
            severity=Severity.WARNING,
        )
    ]


def test_a_minute_over_the_plan_is_told_with_the_schedules_due_together() -> None:
    specs = [
        *in_currencies(20, "@daily"),
        *pipelines({"0 0 * * *": 2501}, "eur"),
        *in_currencies(30, "1 0 * * *"),
    ]
    assert list(check_call_budget(specs, DEMO_PLAN)) == [
        Diagnostic(
            (),
            "up to 31 calls of CoinGecko in one minute, and the plan allows 30",
            "due together: 20 coins with @daily make 20, 2,501 coins with 0 0 * * * make 11;"
            " spread the schedules over the hour, or set COINGECKO_CALLS_PER_MINUTE",
            severity=Severity.WARNING,
        )
    ]


def test_exactly_the_plan_is_within_it() -> None:
    specs = in_currencies(2, "@daily")
    assert list(check_call_budget(specs, CallPlan(per_minute=2, per_month=62))) == []
    assert len(list(check_call_budget(specs, CallPlan(per_minute=1, per_month=61)))) == 2


def test_ten_thousand_pipelines_are_counted_in_a_moment() -> None:
    schedules = [f"{minute} {hours} * * *" for minute in range(60) for hours in ("*", "*/2", "*/6", "0")]
    specs = [
        spec for number in range(42) for spec in pipelines(dict.fromkeys(schedules, 1), f"currency-{number}")
    ]
    start = time.perf_counter()
    assert len(list(check_call_budget(specs, DEMO_PLAN))) == 2
    assert time.perf_counter() - start < 5


def test_schedules_of_other_zones_meet_where_their_moments_do() -> None:
    berlin, new_york, utc = (
        replace(MINIMAL, name=zone, schedule=Schedule(expression, zone), vs_currency=zone)
        for expression, zone in (
            ("0 9 * * *", "Europe/Berlin"),
            ("0 3 * * *", "America/New_York"),
            ("0 8 * * *", "UTC"),
        )
    )
    assert list(check_call_budget([berlin, new_york, utc], CallPlan(3, 93))) == []
    (peak, month) = check_call_budget([berlin, new_york, utc], CallPlan(2, 92))
    assert peak.hint.startswith(
        "due together: 1 coin with 0 9 * * * (Europe/Berlin) make 1,"
        " 1 coin with 0 3 * * * (America/New_York) make 1,"
    )
    assert month.message.startswith("93 calls of CoinGecko in a month of 31 days")

"""What a backfill will do: the plan, and whether it comes true."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import HistoryReachError
from pipeline_lib.specs import OneCoin
from pipeline_lib.steps.backfill import fill_in
from pipeline_lib.steps.backfilling.plan import BackfillPlan, expected_time, plan_backfills
from tests.steps.past_world import CHART, LATE, fetch, paths
from tests.steps.world import CRASH, World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS = [CRASH + number * HOUR for number in range(4)]


def plan(world: World, moments: list[datetime]) -> BackfillPlan:
    (planned,) = plan_backfills([(world.spec, moments)], world.services)
    return planned


def test_a_plan_asks_nobody_and_counts_each_range_once(past: World) -> None:
    planned = plan(past, HOURS)
    assert (planned.missing, planned.unrecorded, planned.calls) == (frozenset(HOURS), frozenset(), 1)
    assert paths(past) == []


def test_what_is_there_is_not_missing(past: World) -> None:
    fetch(past, HOURS[1], is_backfill=True)
    planned = plan(past, HOURS)
    assert planned.missing == {HOURS[0], HOURS[2], HOURS[3]}
    assert planned.calls == 0, "the answer is kept"
    forgotten = replace(past, services=replace(past.services, now=lambda: LATE + 8 * DAY))
    assert plan(forgotten, HOURS).calls == 1
    assert plan(forgotten, HOURS[1:2]).calls == 0


def test_pipelines_of_one_coin_share_calls_and_others_do_not(past: World) -> None:
    specs = [
        replace(past.spec, name="a"),
        replace(past.spec, name="b"),
        replace(past.spec, name="c", coins=OneCoin("ethereum")),
        replace(past.spec, name="d", vs_currency="eur"),
    ]
    plans = plan_backfills([(spec, HOURS) for spec in specs], past.services)
    assert [planned.calls for planned in plans] == [1, 0, 1, 1]


def test_a_price_of_another_coin_is_none(past: World) -> None:
    fetch(past, HOURS[0], is_backfill=True)
    other = past.with_spec(lambda spec: replace(spec, coins=OneCoin("ethereum")))
    assert plan(other, HOURS).missing == set(HOURS)


def test_a_damaged_snapshot_takes_no_call(past: World) -> None:
    folder = past.data / "archive" / "btc"
    folder.mkdir(parents=True)
    Path(folder / f"{HOURS[0]:%Y%m%dT%H%M%SZ}.json").write_text("{}")
    planned = plan(past, HOURS[:1])
    assert (planned.missing, planned.unrecorded, planned.calls) == (frozenset(), frozenset(HOURS[:1]), 0)


def test_the_reach_is_that_of_the_first_moment_without_a_price(past: World) -> None:
    long_ago = CRASH - 400 * DAY
    with pytest.raises(HistoryReachError):
        plan(past, [long_ago, *HOURS])
    fetch(past, HOURS[0], is_backfill=True)
    later = replace(past, services=replace(past.services, now=lambda: LATE + 367 * DAY))
    assert plan(later, HOURS[:1]).calls == 0
    with pytest.raises(HistoryReachError):
        plan(later, HOURS)
    assert paths(past) == [CHART]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("step", [DAY, 7 * DAY])
def test_a_plan_comes_true_whatever_is_at_hand(past: World, step: timedelta, order: int) -> None:
    year = [LATE - 364 * DAY + number * step for number in range(int(364 * DAY / step))]
    # Ranges from before, of which some are of use.
    for moment in (year[len(year) // 2], year[len(year) // 3])[::order]:
        fetch(past, moment, is_backfill=True)
    before = len(paths(past))
    planned = plan(past, year)
    for _ in fill_in(planned, past.services, wait=lambda *_: None):
        past.simulator.clock.set(past.simulator.clock.now() + timedelta(seconds=20))
    assert len(paths(past)) - before == planned.calls
    assert planned.calls > 1


@pytest.mark.parametrize(
    ("calls", "moments", "seconds"), [(0, 0, 0), (1, 720, 22.6), (30, 0, 30), (31, 0, 92), (300, 1000, 879)]
)
def test_the_time_is_that_of_calls_quota_and_disk(calls: int, moments: int, seconds: float) -> None:
    assert expected_time(calls, moments, 30) == timedelta(seconds=seconds)

"""A pipeline of the greatest market caps: who belongs to it, and when."""

import json
from datetime import timedelta

import pytest

from pipeline_lib.model.outcome import Done, Skipped
from tests.steps.many.world import HOUR, START, ManyCoins


@pytest.fixture
def top(many: ManyCoins) -> ManyCoins:
    many.write("{top: 3, from: 2}")
    return many


def test_the_market_says_which_coins_they_are(top: ManyCoins) -> None:
    assert top.fetch(0) == Done("prices of 3 coins in USD at 2025-03-31T20:00:00Z")
    (request,) = top.simulator.requests
    assert (request.query["order"], request.query["page"], request.query["per_page"]) == (
        "market_cap_desc",
        "1",
        "250",
    )
    assert "ids" not in request.query
    archived = json.loads((top.data / "archive/majors/20250331T200000Z.json").read_bytes())
    assert len(archived["observations"]) == 3


def test_ranks_beyond_a_page_cost_a_second_call(many: ManyCoins) -> None:
    many.write("{top: 250, from: 4}")
    # The market lists ten coins.
    assert many.fetch(0) == Done("prices of 7 coins in USD at 2025-03-31T20:00:00Z")
    assert [each.query["page"] for each in many.simulator.requests] == ["1", "2"]


def test_two_pipelines_share_a_page(many: ManyCoins) -> None:
    many.write("{top: 3}")
    many.fetch(0)
    many.write("{top: 5}")
    many.fetch(0)
    assert len(many.simulator.requests) == 1


def test_the_first_part_of_a_moment_fixes_its_coins(top: ManyCoins) -> None:
    top.fetch(0)
    before = top.coins_at(0)
    top.simulator.clock.set(START + 2000 * HOUR)
    assert top.fetch(0) == Done("prices of 3 coins in USD at 2025-03-31T20:00:00Z, as archived before")
    assert top.coins_at(0) == before


def test_a_moment_of_the_past_has_the_coins_of_the_nearest_one(top: ManyCoins) -> None:
    top.fetch(0)
    top.simulator.clock.set(START + 5 * HOUR)
    top.fetch(4, is_backfill=True)
    assert top.coins_at(4) == top.coins_at(0)
    assert sum("market_chart" in each.path for each in top.simulator.requests) == 3


def test_before_the_first_run_nobody_knows_the_coins_of_the_past(top: ManyCoins) -> None:
    outcome = top.fetch(-5, is_backfill=True)
    assert isinstance(outcome, Skipped)
    assert outcome.reason.startswith("which coins majors had at 2025-03-31T15:00:00Z is known once")
    assert top.simulator.requests == ()


def test_a_run_a_little_late_takes_the_coins_of_the_market_and_prices_of_history(top: ManyCoins) -> None:
    outcome = top.fetch(0, late=timedelta(minutes=40))
    assert isinstance(outcome, Done)
    assert outcome.summary == "prices of 3 coins in USD at 2025-03-31T20:00:00Z, 3 of them from history"

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.http.json_text import render
from pipeline_lib.simulator.market.answers import Market
from pipeline_lib.simulator.market.generated_market import GeneratedMarket

HOUR = timedelta(hours=1)
NOW = datetime(2026, 3, 5, 14, tzinfo=UTC)


class Asked:
    """A made-up market at a time, asked as CoinGecko is."""

    def __init__(self, market: GeneratedMarket) -> None:
        self.clock = SimulatedClock(lambda: NOW)
        self._market = Market(market, self.clock)

    def rows(self, **query: str) -> list[dict[str, Any]]:
        answer = self._market.answer("/coins/markets", {"vs_currency": "usd", **query})
        rows: list[dict[str, Any]] = json.loads(render(answer.document), parse_float=Decimal)
        return rows

    def top(self, count: int, *, page: int = 1, at: datetime = NOW) -> list[str]:
        self.clock.set(at)
        rows = self.rows(order="market_cap_desc", per_page=str(count), page=str(page))
        return [row["id"] for row in rows]

    def chart(self, coin: str, start: datetime, end: datetime) -> dict[str, list[list[Any]]]:
        span = {"from": str(int(start.timestamp())), "to": str(int(end.timestamp()))}
        answer = self._market.answer(f"/coins/{coin}/market_chart/range", {"vs_currency": "usd", **span})
        assert answer.status == 200
        chart: dict[str, list[list[Any]]] = json.loads(render(answer.document), parse_float=Decimal)
        return chart


# Days are drawn once and kept, so that tests share one.
MARKET = GeneratedMarket(seed=3)


@pytest.fixture
def asked() -> Asked:
    return Asked(MARKET)


def test_250_coins_of_any_name_come_in_one_page(asked: Asked) -> None:
    ids = [f"coin-of-{number}" for number in range(250)]
    rows = asked.rows(ids=",".join(ids), per_page="250", price_change_percentage="1h,24h")
    assert sorted(row["id"] for row in rows) == sorted(ids)
    assert all(row["current_price"] > 0 and row["market_cap"] > 0 for row in rows)
    assert {row["market_cap_rank"] for row in rows} == {None}


def test_prices_go_over_orders_of_magnitude(asked: Asked) -> None:
    prices = sorted(row["current_price"] for row in asked.rows(per_page="250"))
    assert prices[0] < Decimal("0.001")
    assert prices[-1] > 10_000
    assert all(row["total_volume"] < row["market_cap"] for row in asked.rows(per_page="250"))


def test_another_seed_is_another_market() -> None:
    moment = NOW - 100 * HOUR
    first, other = (GeneratedMarket(seed)["some-coin"].quote_at(moment) for seed in (1, 2))
    assert first != other
    assert first == GeneratedMarket(1)["some-coin"].quote_at(moment)


@pytest.mark.parametrize("coin", ["bitcoin", "coin-1234", "never-heard-of"])
def test_a_quote_agrees_with_the_history_of_its_coin(asked: Asked, coin: str) -> None:
    (row,) = asked.rows(ids=coin, price_change_percentage="1h,24h")
    chart = asked.chart(coin, NOW - 24 * HOUR, NOW)
    prices = [price for _, price in chart["prices"]]
    assert len(prices) == 25
    assert (row["current_price"], row["high_24h"], row["low_24h"]) == (prices[-1], max(prices), min(prices))
    for span, earlier in (("1h", prices[-2]), ("24h", prices[0])):
        move = float((prices[-1] - earlier) / earlier * 100)
        assert float(row[f"price_change_percentage_{span}_in_currency"]) == pytest.approx(move)
    assert row["market_cap"] == chart["market_caps"][-1][1]
    assert row["total_volume"] == chart["total_volumes"][-1][1]


def test_the_list_holds_3000_coins_by_market_capitalisation(asked: Asked) -> None:
    pages = [asked.rows(order="market_cap_desc", per_page="250", page=str(page)) for page in range(1, 14)]
    assert [len(page) for page in pages] == [250] * 12 + [0]
    rows = [row for page in pages for row in page]
    assert [row["market_cap_rank"] for row in rows] == list(range(1, 3001))
    caps = [row["market_cap"] for row in rows]
    assert caps == sorted(caps, reverse=True)
    assert len({row["id"] for row in rows}) == 3000


def test_a_coin_has_the_rank_that_it_has_in_the_list(asked: Asked) -> None:
    ids = asked.top(100)
    (row,) = asked.rows(ids=ids[72])
    assert row["market_cap_rank"] == 73


def test_the_top_changes_slowly(asked: Asked) -> None:
    tops = [set(asked.top(100, at=NOW + hours * HOUR)) for hours in range(0, 97, 12)]
    entries = [len(later - earlier) for earlier, later in pairwise(tops)]
    assert sum(entries) >= 1
    assert max(entries) <= 10
    assert asked.top(100) == asked.top(100)


@pytest.mark.parametrize("coin", ["unknown-coin", " bitcoin", "Bitcoin", "", "a/b", "x" * 101])
def test_what_is_no_id_or_begins_with_unknown_is_no_coin(asked: Asked, coin: str) -> None:
    assert coin not in MARKET
    assert [row["id"] for row in asked.rows(ids=f"{coin},ethereum")] == ["ethereum"]


def test_the_chart_of_an_unknown_coin_is_not_found() -> None:
    market = Market(MARKET, SimulatedClock(lambda: NOW))
    answer = market.answer("/coins/unknown-coin/market_chart/range", {"vs_currency": "usd"})
    assert (answer.status, answer.document) == (404, {"error": "coin not found"})


def test_a_coin_left_out_is_in_no_list_and_moves_the_others_up() -> None:
    market = Market(MARKET, SimulatedClock(lambda: NOW))
    query = {"vs_currency": "usd", "per_page": "2"}
    answer = market.answer("/coins/markets", query, without=frozenset({"bitcoin"}))
    rows = json.loads(render(answer.document))
    assert [row["market_cap_rank"] for row in rows] == [1, 2]
    assert rows[0]["id"] == "ethereum"

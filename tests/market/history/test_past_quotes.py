"""Prices of the past, from charts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.errors import HistoryGapError, InvalidQuoteError
from pipeline_lib.market.history.past_quotes import PastQuote, find_past_quote

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
TOLERANCE = timedelta(minutes=75)


def chart(prices: Mapping[float, str], rest: str = "") -> bytes:
    """A body with points by their minutes after noon."""
    first = int(NOON.timestamp()) * 1000
    points = ",".join(f"[{first + round(minutes * 60_000)},{price}]" for minutes, price in prices.items())
    return f'{{"prices":[{points}]{rest}}}'.encode()


def find(prices: Mapping[float, str], rest: str = "") -> PastQuote:
    return find_past_quote(chart(prices, rest), "bitcoin", NOON, TOLERANCE)


def test_the_price_is_the_last_one_before_or_at_the_moment() -> None:
    quote = find({-90: "1", -57: "2.50", -0.001: "3.50", 0.001: "4"})
    assert (str(quote.price), quote.time) == ("3.50", NOON - timedelta(milliseconds=60))
    assert find({-57: "2", 0: "3"}).price == 3


def test_moves_are_from_the_points_before_an_hour_and_a_day_ago() -> None:
    quote = find({-24 * 60 - 3: "5", -24 * 60 + 1: "6", -62: "7", -59: "8", -2: "9"})
    assert [quote.day_before, quote.hour_before, quote.price] == [5, 7, 9]


def test_what_the_source_does_not_know_stays_unknown() -> None:
    quote = find({-24 * 60 - 76: "5", -60 - 76: "7", -2: "9"})
    assert (quote.hour_before, quote.day_before, quote.market_cap, quote.total_volume) == (None,) * 4


def test_one_point_for_both_moments_is_no_move() -> None:
    quote = find({-61: "7"})
    assert [quote.price, quote.hour_before] == [7, None]
    assert quote.text.startswith('{"prices":[[')
    assert quote.text.count("[") == 4


@pytest.mark.parametrize(("minutes", "is_found"), [(-75, True), (-75.01, False)])
def test_a_price_counts_within_the_tolerance(minutes: float, is_found: bool) -> None:  # noqa: FBT001
    if is_found:
        assert find({minutes: "7"}).price == 7
    else:
        with pytest.raises(HistoryGapError):
            find({minutes: "7"})


@pytest.mark.parametrize(
    ("prices", "last_before", "said"),
    [
        ({-120: "7"}, "2024-03-01T10:00:00Z", "the last price before it is of 2024-03-01T10:00:00Z"),
        ({1: "7"}, None, "nor any price before it"),
        ({-5: "null"}, None, "nor any price before it"),
        ({}, None, "nor any price before it"),
    ],
)
def test_a_gap_is_told_with_what_lies_before_it(
    prices: Mapping[float, str], last_before: str | None, said: str
) -> None:
    with pytest.raises(HistoryGapError) as caught:
        find(prices)
    assert (caught.value.coin, caught.value.moment) == ("bitcoin", "2024-03-01T12:00:00Z")
    assert caught.value.last_before == last_before
    start = "CoinGecko's history of 'bitcoin' has no price of 2024-03-01T12:00:00Z: "
    assert str(caught.value) == start + said


def test_capitalisation_and_volume_are_those_of_the_same_point() -> None:
    at = int(NOON.timestamp()) * 1000
    rest = f',"market_caps":[[{at},123.50]],"total_volumes":[[{at - 1},4],[{at},null]]'
    quote = find({0: "7"}, rest)
    assert (str(quote.market_cap), quote.total_volume) == ("123.50", None)
    assert quote.text == (f'{{"prices":[[{at},7]],"market_caps":[[{at},123.50]],"total_volumes":[]}}')


@pytest.mark.parametrize("value", ["0", "-1", '"7"', "true", "1e99", "0.0"])
@pytest.mark.parametrize("minutes", [0, -60, -24 * 60])
def test_a_price_that_cannot_be_true_is_refused_where_it_is_used(value: str, minutes: int) -> None:
    prices: dict[float, str] = {-24 * 60: "5", -60: "6", 0: "7"}
    with pytest.raises(InvalidQuoteError):
        find({**prices, minutes: value})
    assert find({**prices, minutes - 1: value, 1: value}) == find(prices)


@given(
    minutes=st.lists(st.integers(-26 * 60, 30), min_size=1, max_size=40),
    cents=st.integers(1, 10**9),
    tolerance=st.integers(1, 1440),
)
def test_the_text_alone_proves_the_quote(minutes: list[int], cents: int, tolerance: int) -> None:
    allowed = timedelta(minutes=tolerance)
    prices: dict[float, str] = {minute: f"{cents + minute + 2000}.10" for minute in [*minutes, -tolerance]}
    quote = find_past_quote(chart(prices), "bitcoin", NOON, allowed)
    assert find_past_quote(quote.text.encode(), "bitcoin", NOON, allowed) == quote

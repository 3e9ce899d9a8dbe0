from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.simulator.market.generator import SERIES_START, GeneratedSeries

HOUR = timedelta(hours=1)
YEAR = GeneratedSeries("bitcoin", seed=7).between(SERIES_START, SERIES_START + 8760 * HOUR)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2000 * 60), min_size=1, max_size=20))
def test_a_price_does_not_depend_on_the_order_of_questions(minutes: list[int]) -> None:
    asked = GeneratedSeries("bitcoin", seed=7)
    for minute in minutes:
        assert asked.quote_at(SERIES_START + timedelta(minutes=minute)) == YEAR[minute // 60]


def test_many_threads_meet_the_same_market() -> None:
    asked = GeneratedSeries("bitcoin", seed=7)
    hours = [(number * 7919) % 8760 for number in range(400)]
    with ThreadPoolExecutor(16) as pool:
        quotes = list(pool.map(lambda hour: asked.quote_at(SERIES_START + hour * HOUR), hours))
    assert quotes == [YEAR[hour] for hour in hours]


def test_every_hour_has_one_close() -> None:
    assert [quote.time for quote in YEAR] == [SERIES_START + hour * HOUR for hour in range(8761)]


def test_before_the_start_there_is_no_price() -> None:
    assert GeneratedSeries("bitcoin", seed=7).quote_at(SERIES_START - timedelta(seconds=1)) is None
    assert (
        list(GeneratedSeries("bitcoin", seed=7).between(SERIES_START - 9 * HOUR, SERIES_START - HOUR)) == []
    )


def test_a_span_is_cut_to_the_closes_inside_it() -> None:
    asked = GeneratedSeries("bitcoin", seed=7)
    half = timedelta(minutes=30)
    assert list(asked.between(SERIES_START - HOUR, SERIES_START + half)) == YEAR[:1]
    assert list(asked.between(SERIES_START + half, SERIES_START + 2 * HOUR + half)) == YEAR[1:3]


def test_a_far_moment_gets_the_last_close() -> None:
    quote = GeneratedSeries("bitcoin", seed=7).quote_at(datetime(9999, 1, 1, tzinfo=UTC))
    assert quote is not None
    assert quote.time == datetime(2050, 1, 1, tzinfo=UTC)


def test_seeds_and_coins_make_different_markets() -> None:
    moment = SERIES_START + 100 * HOUR
    markets = [("bitcoin", 1), ("bitcoin", 2), ("ethereum", 1), ("some-unknown-coin", 1)]
    quotes = [GeneratedSeries(coin, seed).quote_at(moment) for coin, seed in markets]
    assert len({quote.price for quote in quotes if quote is not None}) == len(markets)


def test_a_few_moves_a_month_are_beyond_five_percent() -> None:
    moves = [abs(after.price / before.price - 1) for before, after in pairwise(YEAR)]
    beyond = sum(move > 0.05 for move in moves)
    assert 1 <= beyond / 12 <= 10


def test_another_start_moves_the_same_prices_in_time() -> None:
    start = datetime(2026, 3, 1, 7, tzinfo=UTC)
    moved = GeneratedSeries("bitcoin", seed=7, start=start)
    assert moved.quote_at(start - timedelta(seconds=1)) is None
    quotes = moved.between(start, start + 100 * HOUR)
    assert [(quote.time, quote.price) for quote in quotes] == [
        (start + hour * HOUR, quote.price) for hour, quote in enumerate(YEAR[:101])
    ]


def test_bitcoin_with_seed_0_falls_most_in_the_hour_that_documents_tell_of() -> None:
    of_2025 = GeneratedSeries("bitcoin", 0).between(
        datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    )
    _, worst = min((after.price / before.price, after.time) for before, after in pairwise(of_2025))
    assert worst == datetime(2025, 6, 11, 4, tzinfo=UTC)


@pytest.mark.parametrize("coin", ["bitcoin", "ethereum", "dogecoin"])
def test_a_price_stays_plausible_for_years(coin: str) -> None:
    asked = GeneratedSeries(coin, seed=1)
    start, later = asked.quote_at(SERIES_START), asked.quote_at(SERIES_START + 26_280 * HOUR)
    assert start is not None
    assert later is not None
    assert 0.1 < later.price / start.price < 10

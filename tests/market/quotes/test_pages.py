from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.market.quotes.pages import split_into_pages

COINS = st.sets(st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_", min_size=1, max_size=100), max_size=600)


def test_a_page_holds_250_coins() -> None:
    coins = [f"coin-{number:04}" for number in range(1000)]
    assert [len(page) for page in split_into_pages(coins)] == [250] * 4
    assert [len(page) for page in split_into_pages(coins[:251])] == [250, 1]
    assert split_into_pages([]) == ()


def test_a_coin_of_two_pipelines_is_asked_for_once() -> None:
    assert split_into_pages(["b", "a", "b"]) == (("a", "b"),)


def test_long_ids_make_more_pages() -> None:
    coins = [f"{number:03}".ljust(100, "x") for number in range(250)]
    pages = split_into_pages(coins)
    assert [len(page) for page in pages] == [67, 67, 67, 49]
    assert max(len("%2C".join(page)) for page in pages) <= 7000


@given(COINS)
def test_the_same_coins_in_any_order_make_the_same_pages_with_each_coin_in_one(coins: set[str]) -> None:
    pages = split_into_pages(sorted(coins, reverse=True))
    assert pages == split_into_pages(coins)
    assert sorted(coin for page in pages for coin in page) == sorted(coins)
    assert all(0 < len(page) <= 250 and len("%2C".join(page)) <= 7000 for page in pages)

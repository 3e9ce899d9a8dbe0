"""Many coins → as few requests of ``/coins/markets`` as can carry their ids."""

from collections.abc import Iterable

from pipeline_lib.model.call_plan import COINS_PER_CALL

# Servers and proxies take addresses of about 8 KB; host, path and other parameters have room beside this.
_LONGEST_IDS = 7_000
_SEPARATOR = len("%2C")

Page = tuple[str, ...]
"""The CoinGecko ids of one request; or ``#1``, which is no id, for the first page by market cap."""


def page_by_rank(number: int) -> Page:
    """The page that holds the coins of a range of ranks.

    Args:
        number: From 1.
    """
    return (f"#{number}",)


def number_by_rank(page: Page) -> int | None:
    """The number of a page by market cap; None for a page of ids."""
    first = page[0]
    return int(first[1:]) if first.startswith("#") else None


def split_into_pages(coins: Iterable[str]) -> tuple[Page, ...]:
    """``coins`` in pages, each coin once.

    The same coins in any order make the same pages.
    """
    pages: list[list[str]] = []
    length = 0
    for coin in sorted(set(coins)):
        length += len(coin) + _SEPARATOR
        if not pages or len(pages[-1]) == COINS_PER_CALL or length > _LONGEST_IDS:
            pages.append([])
            length = len(coin) + _SEPARATOR
        pages[-1].append(coin)
    return tuple(map(tuple, pages))

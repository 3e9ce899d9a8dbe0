"""A line of prices in text."""

from collections.abc import Sequence
from decimal import Decimal

_LEVELS = "▁▂▃▄▅▆▇"
_MOST_COLUMNS = 24


def sparkline(prices: Sequence[Decimal]) -> str:
    """Prices as a row of blocks between the lowest and the highest of them; at most 24 columns.

    A standstill is a row of the lowest block; no prices, or a single one, are an empty text.
    """
    shown = _thinned(prices)
    if len(shown) < 2:  # noqa: PLR2004 (a line has two ends)
        return ""
    lowest, highest = min(shown), max(shown)
    if lowest == highest:
        return _LEVELS[0] * len(shown)
    last = len(_LEVELS) - 1
    return "".join(_LEVELS[round((price - lowest) / (highest - lowest) * last)] for price in shown)


def _thinned(prices: Sequence[Decimal]) -> Sequence[Decimal]:
    count = len(prices)
    if count <= _MOST_COLUMNS:
        return prices
    # The last price, which the message is about, is always among them.
    return [prices[(column + 1) * count // _MOST_COLUMNS - 1] for column in range(_MOST_COLUMNS)]

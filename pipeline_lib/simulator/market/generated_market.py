"""All coins of a made-up market."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from pipeline_lib.simulator.market.coins import is_known, listed_coins
from pipeline_lib.simulator.market.generator import SERIES_START, GeneratedSeries

_KEPT_SERIES = 20_000


class GeneratedMarket(Mapping[str, GeneratedSeries]):
    """A series for any id but those that begin with ``unknown-``.

    Iteration goes over the 3,000 coins of the list by market capitalisation alone. A coin beyond it has a
    price as well, as CoinGecko has coins without a rank.
    """

    def __init__(self, seed: int, start: datetime = SERIES_START) -> None:
        """Make a market.

        Args:
            seed: Which one.
            start: The first close of each series, at a full hour (UTC).
        """
        self._listed = listed_coins()
        self._series = lru_cache(_KEPT_SERIES)(lambda coin: GeneratedSeries(coin, seed, start))

    def __getitem__(self, coin: str) -> GeneratedSeries:
        if not is_known(coin):
            raise KeyError(coin)
        return self._series(coin)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

"""A made-up market with as many coins in its list by market capitalisation as are wanted."""

from collections.abc import Iterator, Mapping

from pipeline_lib.simulator.market.generated_market import GeneratedMarket
from pipeline_lib.simulator.market.generator import GeneratedSeries

_SEED = 0


class ListedMarket(Mapping[str, GeneratedSeries]):
    """Made-up coins, all of which are in the list."""

    def __init__(self, coins: int) -> None:
        """Make a market of so many ``coins``."""
        self._market = GeneratedMarket(_SEED)
        self._listed = tuple(f"listed-{number:05}" for number in range(coins))

    def __getitem__(self, coin: str) -> GeneratedSeries:
        return self._market[coin]

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

"""A market that never existed: seeded, so that everybody who asks meets the same one."""

import math
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from pipeline_lib.simulator.market.coins import coin_named
from pipeline_lib.simulator.market.series import Quote

SERIES_START = datetime(2024, 1, 1, tzinfo=UTC)
SERIES_END = datetime(2050, 1, 1, tzinfo=UTC)

_HOUR = timedelta(hours=1)
_HOURLY_DEVIATION = 0.005
_JUMPS_PER_HOUR = 4 / 720
_SMALLEST_JUMP = 0.055
_LARGEST_JUMP = 0.13
_SHARE_OF_CRASHES = 0.6
# Strong enough to keep a price within its order of magnitude over decades, too weak to show within a week.
_PULL_TO_START_PRICE = 0.0005
_SHARE_OF_SUPPLY_TRADED = 0.02


class GeneratedSeries:
    """A random walk with jumps, one close an hour from 2024-01-01T00:00Z to 2050-01-01T00:00Z.

    Follows from the coin's id and the seed alone. Grows when a later moment is asked for; hours are drawn
    in their order, so no price depends on the order of questions. Safe to ask from many threads.
    """

    def __init__(self, coin: str, seed: int) -> None:
        facts = coin_named(coin)
        self._random = Random(f"{coin}:{seed}")  # noqa: S311 - a market to test with guards no secret
        self._start = math.log(facts.start_price)
        self._logarithm = self._start
        self._usual_volume = facts.start_price * facts.supply * _SHARE_OF_SUPPLY_TRADED
        self._quotes: list[Quote] = []
        self._append(0.0)
        self._lock = threading.Lock()

    def quote_at(self, moment: datetime) -> Quote | None:
        """The last close at or before ``moment``, or None before 2024."""
        position = (min(moment, SERIES_END) - SERIES_START) // _HOUR
        if position < 0:
            return None
        self._extend_to(position)
        return self._quotes[position]

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:
        """All closes from ``start`` to ``end``, both included, oldest first."""
        first = max(0, -((SERIES_START - start) // _HOUR))
        last = (min(end, SERIES_END) - SERIES_START) // _HOUR
        if last < first:
            return []
        self._extend_to(last)
        return self._quotes[first : last + 1]

    def _extend_to(self, position: int) -> None:
        with self._lock:
            while len(self._quotes) <= position:
                move = self._random.gauss(0.0, _HOURLY_DEVIATION) + self._jump()
                move += (self._start - self._logarithm) * _PULL_TO_START_PRICE
                self._logarithm += move
                self._append(move)

    def _jump(self) -> float:
        if self._random.random() >= _JUMPS_PER_HOUR:
            return 0.0
        size = self._random.uniform(_SMALLEST_JUMP, _LARGEST_JUMP)
        # Logarithms: a fall and a rise of one size cancel out.
        return math.log1p(-size) if self._random.random() < _SHARE_OF_CRASHES else -math.log1p(-size)

    def _append(self, move: float) -> None:
        activity = math.exp(self._random.gauss(0.0, 0.2) + 8.0 * abs(move))
        self._quotes.append(
            Quote(
                time=SERIES_START + len(self._quotes) * _HOUR,
                price=_rounded(math.exp(self._logarithm)),
                volume=Decimal(round(self._usual_volume * activity)),
            )
        )


def _rounded(price: float) -> Decimal:
    """``price`` with about as many decimals as CoinGecko shows for one of its size."""
    for lower_bound, decimals in ((100.0, 2), (1.0, 4), (0.01, 6)):
        if price >= lower_bound:
            return Decimal(repr(round(price, decimals)))
    return Decimal(f"{price:.10f}").normalize()

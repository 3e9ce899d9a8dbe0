"""A market that never existed: seeded, so that everybody who asks meets the same one."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from struct import unpack
from typing import NamedTuple

from pipeline_lib.simulator.market.coins import coin_named
from pipeline_lib.simulator.market.series import Quote

SERIES_START = datetime(2024, 1, 1, tzinfo=UTC)
SERIES_LENGTH = timedelta(days=9497)
"""26 years, 2024 to 2050 unless a series starts at another time."""

# Which market a seed means. In this one, with seed 0, bitcoin's steepest hour of 2025 is 2025-06-11T04:00Z:
# it falls by 13 % after a week without a move of 3 %. Demo, tests and documents tell of that hour.
_EDITION = 64_347
_HOUR = timedelta(hours=1)
_HOURS = 24
_KEPT_DAYS = 3
# Of this hour, the one before and the day before: what a row of CoinGecko's compares.
_KEPT_QUOTES = 3
# A step is drawn evenly up to this size: half a percent is usual.
_LARGEST_STEP = 0.0087
# Prices wander in waves of so many days, each larger than the one before: a price moves by a few percent a
# day, and over decades it keeps its order of magnitude.
_WAVES = {1: 0.02, 6: 0.05, 36: 0.12, 216: 0.3}
_SHOCKS_PER_DAY = 4 / 30
_SMALLEST_SHOCK = 0.055
_LARGEST_SHOCK = 0.13
_SHARE_OF_CRASHES = 0.6
# What a shock did is undone little by little over so many hours.
_HOURS_OF_RECOVERY = 3 * _HOURS
_SHARE_OF_SUPPLY_TRADED = 0.02


class _Day(NamedTuple):
    """24 hours of a series, by hour from 0.

    Attributes:
        logarithms: Of the price at the start of each hour.
        moves: How far the price jumped or walked in the hour, in logarithms and without a sign.
    """

    logarithms: Sequence[float]
    moves: Sequence[float]


class GeneratedSeries:
    """Waves, noise and shocks: one close an hour for 26 years.

    Follows from the coin's id and the seed alone. Any day is drawn without those before it, so no price
    depends on the order of questions, and a far day costs no more than the first. Safe to ask from many
    threads.
    """

    def __init__(self, coin: str, seed: int, start: datetime = SERIES_START) -> None:
        """Make the market of a coin.

        Args:
            coin: The CoinGecko id.
            seed: Which of the made-up markets.
            start: The first close, at a full hour (UTC); another start moves the same prices in time.
        """
        facts = coin_named(coin)
        self._start = start
        self._last = SERIES_LENGTH // _HOUR
        self._key = blake2b(f"{coin} {seed} {_EDITION}".encode(), digest_size=16).digest()
        self._start_logarithm = math.log(facts.start_price)
        self._usual_volume = facts.start_price * facts.supply * _SHARE_OF_SUPPLY_TRADED
        self._day = lru_cache(_KEPT_DAYS)(self._draw_day)
        self._quote = lru_cache(_KEPT_QUOTES)(self._draw_quote)

    def quote_at(self, moment: datetime) -> Quote | None:
        """The last close at or before ``moment``, or None before the start."""
        position = min((moment - self._start) // _HOUR, self._last)
        return self._quote(position) if position >= 0 else None

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:
        """All closes from ``start`` to ``end``, both included, oldest first."""
        first = max(0, -((self._start - start) // _HOUR))
        last = min((end - self._start) // _HOUR, self._last)
        return [self._draw_quote(position) for position in range(first, last + 1)]

    def _draw_quote(self, position: int) -> Quote:
        number, hour = divmod(position, _HOURS)
        day = self._day(number)
        activity = math.exp(8.0 * day.moves[hour] + 0.4 * self._share("volume", position))
        price = _rounded(math.exp(day.logarithms[hour]))
        volume = Decimal(round(self._usual_volume * activity))
        return Quote(self._start + position * _HOUR, price, volume)

    def _draw_day(self, day: int) -> _Day:
        midnight, next_midnight = self._waves(day)
        noise = unpack(f"<{_HOURS}H", self._draw("noise", day, 2 * _HOURS))
        steps = [_LARGEST_STEP * (drawn / 2**15 - 1) for drawn in noise]
        # The noise is back at midnight, so that a day can be drawn without the one before it.
        slope = (next_midnight - midnight - sum(steps)) / _HOURS
        steps = [step + slope for step in steps]
        logarithms = list(accumulate(steps[:-1], initial=self._start_logarithm + midnight))
        moves = [abs(step) for step in steps]
        for shock, hour in self._shocks(day):
            for later in range(max(hour, 0), _HOURS):
                logarithms[later] += shock * max(0.0, 1 - (later - hour) / _HOURS_OF_RECOVERY)
            if hour >= 0:
                moves[hour] += abs(shock)
        return _Day(logarithms, moves)

    def _waves(self, day: int) -> tuple[float, float]:
        """What the waves add at the day's start and at its end, as logarithms of the price."""
        start = end = 0.0
        for days, height in _WAVES.items():
            number, passed = divmod(day, days)
            left = height * (2 * self._share(f"wave {days}", number) - 1)
            slope = height * (2 * self._share(f"wave {days}", number + 1) - 1) - left
            start += left + slope * passed / days
            end += left + slope * (passed + 1) / days
        return start, end

    def _shocks(self, day: int) -> Iterator[tuple[float, int]]:
        """The shocks felt in a day: logarithm of the price, and hour of this day, below zero if earlier."""
        for days_ago in range(_HOURS_OF_RECOVERY // _HOURS + 1):
            number = day - days_ago
            if self._share("shock", number) < _SHOCKS_PER_DAY:
                size = _SMALLEST_SHOCK + self._share("size", number) * (_LARGEST_SHOCK - _SMALLEST_SHOCK)
                # Logarithms: a fall and a rise of one size cancel out.
                fall = math.log1p(-size)
                shock = fall if self._share("direction", number) < _SHARE_OF_CRASHES else -fall
                yield shock, int(self._share("hour", number) * _HOURS) - days_ago * _HOURS

    def _share(self, purpose: str, number: int) -> float:
        """A draw from 0 to 1."""
        return int.from_bytes(self._draw(purpose, number, 8)) / 2**64

    def _draw(self, purpose: str, number: int, size: int) -> bytes:
        """Bytes that follow from the series and the arguments alone.

        Args:
            purpose: What they are for; others draw others.
            number: Of the day, hour or wave.
            size: How many, up to 64.
        """
        return blake2b(f"{purpose} {number}".encode(), key=self._key, digest_size=size).digest()


def _rounded(price: float) -> Decimal:
    """``price`` with about as many decimals as CoinGecko shows for one of its size."""
    for lower_bound, decimals in ((100.0, 2), (1.0, 4), (0.01, 6)):
        if price >= lower_bound:
            return Decimal(repr(round(price, decimals)))
    return Decimal(f"{price:.10f}").normalize()

"""Rolling statistics by time or by count, exact whatever came before.

Prices are integers over one denominator, so the sums of a window's prices and of their squares are exact: a
point that leaves the window leaves no trace, one bad tick can't poison what follows, and a value depends on
the window's content alone, never on the way that led there. Mean = S/n; sample variance =
(n·Q - S²) / (n·(n - 1)) with S the sum and Q the sum of squares, an identity that loses digits in floating
point and none here. Each value is rounded once, to the nearest float.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from math import lcm
from typing import TypeAlias

from pipeline_lib.analysis.exact import log_of_ratio, sqrt_of_ratio
from pipeline_lib.model.observation import Observation, ObservedPrice

FEWEST_FOR_DEVIATION = 2
"""A sample standard deviation divides by one less than the count."""

FEWEST_FOR_Z_SCORE = 4
"""Prices in a z-score's baseline.

For normal prices, a z-score against a baseline of n others follows Student's t with n - 1 degrees of freedom
(times a constant), whose variance is infinite up to two degrees: with fewer than four prices, scores beyond
any limit are commonplace and mean nothing.
"""


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price at a moment (UTC)."""

    moment: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class WindowStatistics:
    """What a window says at one moment.

    Attributes:
        mean: Mean of the prices in ``(moment - span, moment]``, or of the last ``span`` prices.
        standard_deviation: Their sample standard deviation; None for a single price.
        count: How many there are, 1 or more.
        z_score: ``(price - mean) / standard deviation`` with both over ``[moment - span, moment)``, or over
            the ``span`` prices before: the point under test is no part of its own baseline. None when the
            baseline has fewer than ``FEWEST_FOR_Z_SCORE`` prices or doesn't vary.
    """

    mean: float
    standard_deviation: float | None
    count: int
    z_score: float | None


Statistics: TypeAlias = tuple[float, float | None, int, float | None]
"""The same as a bare tuple: a rebuild makes them by the hundred thousand."""


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Prices by time as exact integers.

    Attributes:
        moments: Their times (UTC), oldest first, none twice.
        numerators: The prices, each times ``denominator``.
        denominator: One for all, as small as it can be.
        totals: The sum of the numerators before each place, and of all.
        squares: The sum of their squares before each place, and of all.
    """

    moments: list[datetime]
    numerators: list[int]
    denominator: int
    totals: list[int]
    squares: list[int]

    @classmethod
    def of(cls, points: Iterable[PricePoint | Observation | ObservedPrice]) -> "PriceSeries":
        """The series of ``points``, oldest first, no moment twice."""
        ordered = list(points)
        ratios = [point.price.as_integer_ratio() for point in ordered]
        denominator = lcm(*{divisor for _, divisor in ratios})
        numerators = [numerator * (denominator // divisor) for numerator, divisor in ratios]
        return cls(
            moments=[point.moment for point in ordered],
            numerators=numerators,
            denominator=denominator,
            totals=list(accumulate(numerators, initial=0)),
            squares=list(accumulate([numerator * numerator for numerator in numerators], initial=0)),
        )

    def statistics(self, span: timedelta | int, first: int = 0) -> Iterator[Statistics]:
        """The statistics at each price from the place ``first`` on, over a window in time or in prices.

        Args:
            span: Length of the window.
            first: The prices before this place are looked back at.
        """
        denominator, totals, squares = self.denominator, self.totals, self.squares
        squared_denominator = denominator * denominator
        if isinstance(span, int):
            starts = self._starts_by_count(span, first)
        else:
            starts = self._starts_by_time(span, first)
        for place, (baseline, start) in enumerate(starts, first):
            price = self.numerators[place]
            before = totals[place] - totals[baseline]
            z_score = _z_score(price, place - baseline, before, squares[place] - squares[baseline])
            end = place + 1
            count, total = end - start, totals[end] - totals[start]
            deviation = None
            if count >= FEWEST_FOR_DEVIATION:
                spread = count * (squares[end] - squares[start]) - total * total
                deviation = sqrt_of_ratio(spread, count * (count - 1) * squared_denominator)
            yield total / (count * denominator), deviation, count, z_score

    def log_returns(self, first: int = 0) -> Iterator[float | None]:
        """The natural logarithm of each price's ratio to the price before, from a place on; None at 0."""
        before = self.numerators[first - 1] if first else None
        for price in self.numerators[first:]:
            yield None if before is None else log_of_ratio(price, before)
            before = price

    def _starts_by_count(self, span: int, first: int) -> Iterator[tuple[int, int]]:
        """Of each place, where its baseline and its window begin."""
        for place in range(first, len(self.moments)):
            yield max(0, place - span), max(0, place + 1 - span)

    def _starts_by_time(self, span: timedelta, first: int) -> Iterator[tuple[int, int]]:
        moments = self.moments
        oldest = bisect_left(moments, moments[first] - span) if first < len(moments) else 0
        for moment in moments[first:]:
            start = moment - span
            while moments[oldest] < start:
                oldest += 1
            baseline_start = oldest
            if moments[oldest] == start:
                oldest += 1
            yield baseline_start, oldest


def rolling_statistics(points: Iterable[PricePoint], span: timedelta | int) -> Iterator[WindowStatistics]:
    """The statistics at each point.

    Args:
        points: Prices by time, oldest first, no moment twice.
        span: Length of the window, in time or in points.
    """
    for statistics in PriceSeries.of(points).statistics(span):
        yield WindowStatistics(*statistics)


def _z_score(price: int, count: int, total: int, squares: int) -> float | None:
    if count < FEWEST_FOR_Z_SCORE:
        return None
    spread = count * squares - total * total
    if not spread:
        return None
    distance = price * count - total
    score = sqrt_of_ratio(distance * distance * (count - 1), count * spread)
    return score if distance >= 0 else -score

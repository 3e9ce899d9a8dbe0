"""Rolling statistics by time or by count, exact whatever came before.

Sums of prices and of their squares are kept as exact decimals, so a point that leaves the window leaves no
trace: one bad tick can't poison what follows, and a value depends on the window's content alone, never on
the way that led there. Mean = S/n; sample variance = (n·Q - S²) / (n·(n - 1)) with S the sum and Q the sum
of squares, an identity that loses digits in floating point and none here.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, Inexact

# Quotes have at most 40 digits between 1e-30 and 1e21: the squares of a window's prices sum up exactly in
# far fewer digits than this; should they not, the trap raises instead of rounding.
_EXACT = Context(prec=500, traps=[Inexact])
_ROUNDED = Context(prec=40)

_FEWEST_FOR_DEVIATION = 2


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
            baseline has fewer than two prices or doesn't vary.
    """

    mean: float
    standard_deviation: float | None
    count: int
    z_score: float | None


def rolling_statistics(points: Iterable[PricePoint], span: timedelta | int) -> Iterator[WindowStatistics]:
    """The statistics at each point.

    Args:
        points: Prices by time, oldest first, no moment twice.
        span: Length of the window, in time or in points.
    """
    window, baseline = _ExactWindow(), _ExactWindow()
    for point in points:
        window.add(point)
        if isinstance(span, int):
            window.keep_newest(span)
            baseline.keep_newest(span)
        else:
            start = point.moment - span
            window.drop_up_to(start)
            baseline.drop_before(start)
        yield WindowStatistics(
            mean=float(window.mean()),
            standard_deviation=_as_float(window.standard_deviation()),
            count=window.count,
            z_score=_as_float(_z_score(point.price, baseline)),
        )
        baseline.add(point)


class _ExactWindow:
    """The prices of a window with their exact sums."""

    def __init__(self) -> None:
        self._points: deque[PricePoint] = deque()
        self._sum = Decimal(0)
        self._sum_of_squares = Decimal(0)

    @property
    def count(self) -> int:
        return len(self._points)

    def add(self, point: PricePoint) -> None:
        self._points.append(point)
        self._sum = _EXACT.add(self._sum, point.price)
        self._sum_of_squares = _EXACT.fma(point.price, point.price, self._sum_of_squares)

    def drop_before(self, moment: datetime) -> None:
        while self._points and self._points[0].moment < moment:
            self._drop_oldest()

    def drop_up_to(self, moment: datetime) -> None:
        while self._points and self._points[0].moment <= moment:
            self._drop_oldest()

    def keep_newest(self, count: int) -> None:
        while len(self._points) > count:
            self._drop_oldest()

    def mean(self) -> Decimal:
        return _ROUNDED.divide(self._sum, self.count)

    def standard_deviation(self) -> Decimal | None:
        count = self.count
        if count < _FEWEST_FOR_DEVIATION:
            return None
        spread = _EXACT.subtract(
            _EXACT.multiply(count, self._sum_of_squares), _EXACT.multiply(self._sum, self._sum)
        )
        return _ROUNDED.sqrt(_ROUNDED.divide(spread, count * (count - 1)))

    def _drop_oldest(self) -> None:
        price = self._points.popleft().price
        self._sum = _EXACT.subtract(self._sum, price)
        # Not -price, which rounds to the 28 digits of Python's default context.
        self._sum_of_squares = _EXACT.fma(price, price.copy_negate(), self._sum_of_squares)


def _z_score(price: Decimal, baseline: _ExactWindow) -> Decimal | None:
    deviation = baseline.standard_deviation()
    if not deviation:
        return None
    return _ROUNDED.divide(_ROUNDED.subtract(price, baseline.mean()), deviation)


def _as_float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)

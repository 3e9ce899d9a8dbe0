"""Observations → the rows of the processed table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, TypeAlias

from pipeline_lib.analysis.price_moves import FURTHEST_BACK, Horizon, moves_of_all
from pipeline_lib.analysis.rolling import PricePoint, PriceSeries
from pipeline_lib.model.observation import Observation, ObservedPrice

if TYPE_CHECKING:
    from pipeline_lib.specs import Window

METHOD = 1
"""The way in which rows are computed; raised by one whenever equal observations come to give other rows."""

Row: TypeAlias = tuple[datetime | Decimal | float | int | None, ...]

_FIRST_COLUMNS = ("timestamp", "price", "change_1h_percent", "change_24h_percent", "log_return")
_WINDOW_COLUMNS = ("mean", "std", "count", "z_score")


@dataclass(frozen=True, slots=True)
class Lookback:
    """How far before a moment a row looks.

    Attributes:
        time: All prices up to so long before it.
        rows: At least so many prices before it, however old.
    """

    time: timedelta
    rows: int

    @classmethod
    def of(cls, windows: "Sequence[Window]") -> "Lookback":
        """The lookback of a table with these windows."""
        spans = [window.span for window in windows]
        return cls(
            time=max([FURTHEST_BACK, *(span for span in spans if isinstance(span, timedelta))]),
            rows=max([1, *(span for span in spans if isinstance(span, int))]),
        )


def price_points(observations: Iterable[Observation]) -> list[PricePoint]:
    """The prices by time, oldest first, whatever the order of ``observations``."""
    points = (PricePoint(observation.moment, observation.price) for observation in observations)
    return sorted(points, key=lambda point: point.moment)


def processed_columns(windows: "Sequence[Window]") -> tuple[str, ...]:
    """The table's header: ``timestamp, price, …, mean_24h, std_24h, count_24h, z_score_24h, …``."""
    return _FIRST_COLUMNS + tuple(
        f"{column}_{window.label}" for window in windows for column in _WINDOW_COLUMNS
    )


def processed_columns_of_coins(windows: "Sequence[Window]") -> tuple[str, ...]:
    """The header of a table of several coins: the same, with the coin behind the moment."""
    moment, *others = processed_columns(windows)
    return (moment, "coin", *others)


def processed_rows(
    observations: Iterable[Observation | ObservedPrice],
    windows: "Sequence[Window]",
    before: Sequence[Observation | ObservedPrice] = (),
) -> Iterator[Row]:
    """The rows of ``observations`` by time, the same for any order of theirs.

    A move that the source left out is computed from the prices themselves, or stays None.

    Args:
        observations: No moment twice.
        windows: The rolling windows, in the order of their columns.
        before: Those older than all ``observations``, oldest first: those within the ``Lookback`` of
            ``windows`` make the rows the same as in a table that begins further back.
    """
    ordered = sorted(observations, key=lambda observation: observation.moment)
    everything = [*before, *ordered]
    series, prices = PriceSeries.of(everything), [observation.price for observation in everything]
    first = len(before)
    windowed = [series.statistics(window.span, first) for window in windows]
    moves = (moves_of_all(ordered, horizon, series.moments, prices) for horizon in Horizon)
    log_returns = series.log_returns(first)
    own = zip(series.moments[first:], prices[first:], *moves, log_returns, strict=True)
    return (reduce(add, parts) for parts in zip(own, *windowed, strict=True))

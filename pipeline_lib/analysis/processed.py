"""Observations → the rows of the processed table."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from pipeline_lib.analysis.price_moves import price_moves
from pipeline_lib.analysis.rolling import PricePoint, WindowStatistics, rolling_statistics
from pipeline_lib.observation import Observation
from pipeline_lib.spec import Window

_FIRST_COLUMNS = ("timestamp", "price", "change_1h_percent", "change_24h_percent")
_WINDOW_COLUMNS = ("mean", "std", "count", "z_score")


def price_points(observations: Iterable[Observation]) -> list[PricePoint]:
    """The prices by time, oldest first, whatever the order of ``observations``."""
    points = (PricePoint(observation.moment, observation.price) for observation in observations)
    return sorted(points, key=lambda point: point.moment)


def processed_columns(windows: Sequence[Window]) -> tuple[str, ...]:
    """The table's header: ``timestamp, price, …, mean_24h, std_24h, count_24h, z_score_24h, …``."""
    return _FIRST_COLUMNS + tuple(
        f"{column}_{window.label}" for window in windows for column in _WINDOW_COLUMNS
    )


def processed_rows(
    observations: Iterable[Observation], windows: Sequence[Window]
) -> Iterator[tuple[datetime | Decimal | float | int | None, ...]]:
    """The table's rows by time, the same for any order of ``observations``.

    A move that the source left out is computed from the observations themselves, or stays None.
    """
    ordered = sorted(observations, key=lambda observation: observation.moment)
    points = price_points(ordered)
    columns = [rolling_statistics(points, window.span) for window in windows]
    for observation, *statistics in zip(ordered, *columns, strict=True):
        moves = price_moves(observation, points)
        row: list[datetime | Decimal | float | int | None] = [
            observation.moment,
            observation.price,
            moves.hour_percent,
            moves.day_percent,
        ]
        for entry in statistics:
            row += _window_cells(entry)
        yield tuple(row)


def _window_cells(entry: WindowStatistics) -> tuple[float | int | None, ...]:
    return (entry.mean, entry.standard_deviation, entry.count, entry.z_score)

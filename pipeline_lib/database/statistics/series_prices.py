"""All prices of a series at once, for what looks at its whole history."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline_lib.common.timestamps import BEGINNING, END
from pipeline_lib.database.pipelines import Series
from pipeline_lib.database.statistics import observed
from pipeline_lib.model.observation import ObservedPrice


@dataclass(frozen=True, slots=True)
class SeriesPrices:
    """The prices of a series.

    Attributes:
        series: The series.
        prices: All of them, by moment.
        arrival: Number of the newest arrival among them; 0 for none.
    """

    series: Series
    prices: Sequence[ObservedPrice]
    arrival: int


def read(connection: Connection, series: Series) -> SeriesPrices:
    """The prices of a series that the database holds.

    Args:
        connection: A transaction.
        series: The series.
    """
    arrived = observed.read_arrived(connection, {series.id: 0}).get(series.id)
    prices = observed.read_prices(connection, [series.id], BEGINNING, END).get(series.id, [])
    return SeriesPrices(series, prices, arrived.newest if arrived else 0)

"""Observations as statistics are computed from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from pipeline_lib.database.engine import bulk
from pipeline_lib.database.tables import observations
from pipeline_lib.model.observation import ObservedPrice


@dataclass(frozen=True, slots=True)
class Arrived:
    """Observations that came after some arrival.

    Attributes:
        moments: Of their runs (UTC), by time; of all observations, the first and the last one will do.
        newest: Number of the newest arrival among them.
    """

    moments: Sequence[datetime]
    newest: int


def read_arrived(connection: Connection, series_id: int, after: int) -> Arrived | None:
    """What came after an arrival; None when nothing did.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        after: Number of an arrival; 0 for all.
    """
    of_series = observations.c.series_id == series_id
    if not after:
        # All of it, as a rebuild asks for: one stretch will do.
        ends = select(
            func.min(observations.c.moment), func.max(observations.c.moment), func.max(observations.c.arrival)
        )
        first, last, newest = connection.execute(ends.where(of_series)).one()
        return None if newest is None else Arrived((first, last), newest)
    query = select(observations.c.moment, observations.c.arrival).where(
        of_series, observations.c.arrival > after
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    return Arrived(sorted(row.moment for row in rows), max(row.arrival for row in rows))


def read_prices(
    connection: Connection, series_id: int, first: datetime, last: datetime
) -> list[ObservedPrice]:
    """Prices and moves as they were sent, by moment.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        first: The first moment (UTC).
        last: The last moment (UTC).
    """
    columns: list[ColumnElement[Any]] = [
        type_coerce(column, Text)
        for column in (
            observations.c.moment,
            observations.c.price,
            observations.c.change_1h_percent,
            observations.c.change_24h_percent,
        )
    ]
    query = (
        select(*columns)
        .where(observations.c.series_id == series_id, observations.c.moment.between(first, last))
        .order_by(observations.c.moment)
    )
    read = bulk.moment_reader(connection)
    return [
        ObservedPrice(
            read(moment),
            Decimal(price),
            None if hour is None else Decimal(hour),
            None if day is None else Decimal(day),
        )
        for moment, price, hour, day in connection.execute(query).all()
    ]


def moment_of_row(connection: Connection, series_id: int, moment: datetime, rows: int) -> datetime | None:
    """The moment so many observations away, or the outermost one; None when nothing lies there.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        moment: Counted from here, exclusive (UTC).
        rows: How many observations further: above 0 later, below 0 earlier.
    """
    column = observations.c.moment
    beyond = column > moment if rows > 0 else column < moment
    near = (
        select(column)
        .where(observations.c.series_id == series_id, beyond)
        .order_by(column.asc() if rows > 0 else column.desc())
        .limit(abs(rows))
        .subquery()
    )
    outermost = func.max(near.c.moment) if rows > 0 else func.min(near.c.moment)
    return connection.scalar(select(outermost))

"""Observations as statistics are computed from them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from pipeline_lib.database.engine import bulk
from pipeline_lib.database.tables import observations, series
from pipeline_lib.model.observation import ObservedPrice

_MOMENTS_KEPT = 1 << 16


@dataclass(frozen=True, slots=True)
class Arrived:
    """Observations that came after some arrival.

    Attributes:
        moments: Of their runs (UTC), by time; of all observations, the first and the last one will do.
        newest: Number of the newest arrival among them.
    """

    moments: Sequence[datetime]
    newest: int


def read_arrived(connection: Connection, after: Mapping[int, int]) -> dict[int, Arrived]:
    """What came after an arrival, by the key of the series; those to which nothing came are left out.

    Args:
        connection: A transaction.
        after: Number of an arrival by the key of the series; 0 for all.
    """
    new = [key for key, arrival in after.items() if not arrival]
    known = {key: arrival for key, arrival in after.items() if arrival}
    return {**_read_whole(connection, new), **_read_after(connection, known)}


def _read_whole(connection: Connection, series_ids: Collection[int]) -> dict[int, Arrived]:
    """All of it, as a rebuild asks for: one stretch will do."""
    if not series_ids:
        return {}
    columns = observations.c
    query = (
        select(
            columns.series_id, func.min(columns.moment), func.max(columns.moment), func.max(columns.arrival)
        )
        .where(columns.series_id.in_(series_ids))
        .group_by(columns.series_id)
    )
    return {key: Arrived((first, last), newest) for key, first, last, newest in connection.execute(query)}


def _read_after(connection: Connection, after: Mapping[int, int]) -> dict[int, Arrived]:
    if not after:
        return {}
    columns = observations.c
    query = select(columns.series_id, columns.moment, columns.arrival).where(
        columns.series_id.in_(after), columns.arrival > min(after.values())
    )
    moments: dict[int, list[datetime]] = {}
    newest: dict[int, int] = {}
    for key, moment, arrival in connection.execute(query):
        if arrival > after[key]:
            moments.setdefault(key, []).append(moment)
            newest[key] = max(arrival, newest.get(key, 0))
    return {key: Arrived(sorted(found), newest[key]) for key, found in moments.items()}


def read_prices(
    connection: Connection, series_ids: Collection[int], first: datetime, last: datetime
) -> dict[int, list[ObservedPrice]]:
    """Prices and moves as they were sent, by moment, by the key of the series; some have none.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        first: The first moment (UTC).
        last: The last moment (UTC).
    """
    columns: list[ColumnElement[Any]] = [
        observations.c.series_id,
        *(
            type_coerce(column, Text)
            for column in (
                observations.c.moment,
                observations.c.price,
                observations.c.change_1h_percent,
                observations.c.change_24h_percent,
            )
        ),
    ]
    query = (
        select(*columns)
        .where(observations.c.series_id.in_(series_ids), observations.c.moment.between(first, last))
        .order_by(observations.c.series_id, observations.c.moment)
    )
    # Series of one pipeline have the same moments.
    read = lru_cache(_MOMENTS_KEPT)(bulk.moment_reader(connection))
    found: dict[int, list[ObservedPrice]] = {}
    for key, moment, price, hour, day in connection.execute(query).all():
        found.setdefault(key, []).append(
            ObservedPrice(
                read(moment),
                Decimal(price),
                None if hour is None else Decimal(hour),
                None if day is None else Decimal(day),
            )
        )
    return found


def moments_of_rows(
    connection: Connection, series_ids: Collection[int], moment: datetime, rows: int
) -> dict[int, datetime]:
    """The moment so many observations away, or the outermost one, by the key of the series.

    Series of which nothing lies there are left out.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        moment: Counted from here, exclusive (UTC).
        rows: How many observations further: above 0 later, below 0 earlier.
    """
    column, is_later = observations.c.moment, rows > 0
    beyond = select(column).where(
        observations.c.series_id == series.c.id, column > moment if is_later else column < moment
    )
    order = column.asc() if is_later else column.desc()
    away = beyond.order_by(order).limit(1).offset(abs(rows) - 1).correlate(series).scalar_subquery()
    outermost = beyond.order_by(column.desc() if is_later else column.asc()).limit(1).correlate(series)
    query = select(series.c.id, func.coalesce(away, outermost.scalar_subquery(), type_=column.type)).where(
        series.c.id.in_(series_ids)
    )
    return {key: found for key, found in connection.execute(query) if found is not None}

"""Statistics of a series: moves and windows of every moment."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, FromClause, Text, and_, delete, func, select, type_coerce

from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database.engine import bulk
from pipeline_lib.database.tables import latest_observations, observations, price_moves, window_statistics

StatisticsRow: TypeAlias = tuple[Any, ...]
"""moment, price, move over an hour, over a day, log return; a window's mean, deviation, count, z-score, …"""

Cell: TypeAlias = datetime | str | float | int | None

_FIRST_WINDOW, _WINDOW_VALUES = 5, 4
_ROWS_AT_ONCE = 10_000


def clear(connection: Connection, series_id: int) -> None:
    """Remove all statistics of a series.

    Args:
        connection: A transaction that writes.
        series_id: Key of the series.
    """
    for table in (price_moves, window_statistics, latest_observations):
        connection.execute(delete(table).where(table.c.series_id == series_id))


def count_between(connection: Connection, series_id: int, first: datetime, last: datetime) -> int:
    """How many moments between two, both included, have statistics.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        first: The first moment (UTC).
        last: The last moment (UTC).
    """
    query = select(func.count()).where(
        price_moves.c.series_id == series_id, price_moves.c.moment.between(first, last)
    )
    return connection.execute(query).scalar_one()


def write(
    connection: Connection,
    series_id: int,
    labels: Sequence[str],
    rows: Iterable[StatisticsRow],
    arrival: int,
) -> int:
    """Enter statistics, each in the place of those of its moment.

    Args:
        connection: A transaction that writes.
        series_id: Key of the series.
        labels: Of the windows, in the order of the rows' values.
        rows: The statistics, no moment twice.
        arrival: Number of the newest arrival that they follow from.

    Returns:
        How many rows there were.
    """
    return sum(map(len, write_in_chunks(connection, series_id, labels, rows, arrival)))


def write_in_chunks(
    connection: Connection,
    series_id: int,
    labels: Sequence[str],
    rows: Iterable[StatisticsRow],
    arrival: int,
) -> Iterator[list[Sequence[Cell]]]:
    """The same chunk by chunk, each as ``read_cells`` would give it, once it is entered.

    Args:
        connection: A transaction that writes.
        series_id: Key of the series.
        labels: Of the windows, in the order of the rows' values.
        rows: The statistics, no moment twice.
        arrival: Number of the newest arrival that they follow from.
    """
    remaining = iter(rows)
    while chunk := _cells(islice(remaining, _ROWS_AT_ONCE)):
        bulk.upsert(connection, price_moves, _moves(series_id, chunk, arrival))
        bulk.upsert(connection, window_statistics, _windows(series_id, chunk, labels))
        yield chunk


def first_changed(connection: Connection, series_id: int, after: int) -> datetime | None:
    """The earliest moment whose statistics changed after an arrival; None when none did.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        after: Number of an arrival.
    """
    query = select(func.min(price_moves.c.moment)).where(
        price_moves.c.series_id == series_id, price_moves.c.changed_at_arrival > after
    )
    found: datetime | None = connection.scalar(query)
    return found


def read_changed_days(connection: Connection, series_id: int, after: int) -> dict[date, int]:
    """The UTC days with a row that changed after an arrival, by time, each with its newest such arrival.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        after: Number of the arrival; 0 for all days.
    """
    query = (
        select(price_moves.c.moment, price_moves.c.changed_at_arrival)
        .where(price_moves.c.series_id == series_id, price_moves.c.changed_at_arrival > after)
        .order_by(price_moves.c.moment)
    )
    days: dict[date, int] = {}
    for moment, arrival in connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)):
        day = moment.date()
        days[day] = max(arrival, days.get(day, 0))
    return days


def read_cells(
    connection: Connection,
    series_id: int,
    labels: Sequence[str],
    since: datetime,
    until: datetime | None = None,
) -> Iterator[Sequence[Cell]]:
    """The statistics by moment, in the values of ``StatisticsRow``; decimals as their digits.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        labels: Of the windows, in the order that their values shall have.
        since: The first moment (UTC).
        until: Only moments before it (UTC), or None for all.
    """
    columns: list[ColumnElement[Any]] = [
        type_coerce(column, Text)
        for column in (
            price_moves.c.moment,
            observations.c.price,
            price_moves.c.change_1h_percent,
            price_moves.c.change_24h_percent,
        )
    ]
    columns.append(price_moves.c.log_return)
    tables: FromClause = price_moves.join(observations, _same_moment(observations))
    for label in labels:
        window = window_statistics.alias()
        tables = tables.join(window, and_(_same_moment(window), window.c.window == label))
        columns += (window.c.mean, window.c.std, window.c.count, window.c.z_score)
    query = (
        select(*columns)
        .select_from(tables)
        .where(price_moves.c.series_id == series_id, price_moves.c.moment >= since)
        .order_by(price_moves.c.moment)
    )
    if until is not None:
        query = query.where(price_moves.c.moment < until)
    yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))


def _same_moment(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.series_id == price_moves.c.series_id, table.c.moment == price_moves.c.moment)


def _cells(rows: Iterable[StatisticsRow]) -> list[Sequence[Cell]]:
    return [
        (
            format_moment(moment),
            to_digits(price),
            None if hour is None else to_digits(hour),
            None if day is None else to_digits(day),
            *others,
        )
        for moment, price, hour, day, *others in rows
    ]


def _moves(series_id: int, rows: Sequence[Sequence[Cell]], arrival: int) -> list[bulk.BoundRow]:
    return [
        (series_id, moment, hour, day, log_return, arrival) for moment, _, hour, day, log_return, *_ in rows
    ]


def _windows(series_id: int, rows: Sequence[Sequence[Cell]], labels: Sequence[str]) -> list[bulk.BoundRow]:
    starts = range(_FIRST_WINDOW, len(rows[0]), _WINDOW_VALUES)
    places = [
        (label, slice(start, start + _WINDOW_VALUES)) for label, start in zip(labels, starts, strict=True)
    ]
    return [(series_id, row[0], label, *row[place]) for row in rows for label, place in places]

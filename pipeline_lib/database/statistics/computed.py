"""Statistics of series: moves and windows of every moment."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    delete,
    func,
    select,
    type_coerce,
)

from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.spans import EVER, Span
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database.engine import bulk
from pipeline_lib.database.tables import (
    latest_observations,
    observations,
    price_moves,
    series,
    window_statistics,
)

StatisticsRow: TypeAlias = tuple[Any, ...]
"""moment, price, move over an hour, over a day, log return; a window's mean, deviation, count, z-score, …"""

Cell: TypeAlias = datetime | str | float | int | None

_FIRST_WINDOW, _WINDOW_VALUES = 5, 4
_ROWS_AT_ONCE = 10_000


def clear(connection: Connection, series_ids: Collection[int]) -> None:
    """Remove all statistics of series.

    Args:
        connection: A transaction that writes.
        series_ids: Keys of the series.
    """
    for table in (price_moves, window_statistics, latest_observations):
        connection.execute(delete(table).where(table.c.series_id.in_(series_ids)))


def count_between(
    connection: Connection, series_ids: Collection[int], first: datetime, last: datetime
) -> dict[int, int]:
    """How many moments between two, both included, have statistics, by the key of the series; some have none.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        first: The first moment (UTC).
        last: The last moment (UTC).
    """
    query = (
        select(price_moves.c.series_id, func.count())
        .where(price_moves.c.series_id.in_(series_ids), price_moves.c.moment.between(first, last))
        .group_by(price_moves.c.series_id)
    )
    return {key: count for key, count in connection.execute(query)}  # noqa: C416 (a result has keys of its own)


class SeriesRow(NamedTuple):
    """Statistics of a series at a moment. A rebuild makes a hundred thousand.

    Attributes:
        series_id: Key of the series.
        arrival: Number of the newest arrival that they follow from.
        row: The statistics.
    """

    series_id: int
    arrival: int
    row: StatisticsRow


def write(connection: Connection, labels: Sequence[str], rows: Iterable[SeriesRow]) -> None:
    """Enter statistics, each in the place of those of its series and moment.

    Args:
        connection: A transaction that writes.
        labels: Of the windows, in the order of the rows' values.
        rows: The statistics, no moment of a series twice.
    """
    for _ in write_in_chunks(connection, labels, rows):
        pass


def write_in_chunks(
    connection: Connection, labels: Sequence[str], rows: Iterable[SeriesRow]
) -> Iterator[list[Sequence[Cell]]]:
    """The same chunk by chunk, each as ``read_cells`` would give it, once it is entered.

    Args:
        connection: A transaction that writes.
        labels: Of the windows, in the order of the rows' values.
        rows: The statistics, no moment of a series twice.
    """
    remaining = iter(rows)
    while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
        cells = _cells(chunk)
        bulk.upsert(connection, price_moves, _moves(chunk, cells))
        bulk.upsert(connection, window_statistics, _windows(chunk, cells, labels))
        yield cells


def first_changed(
    connection: Connection, series_ids: Collection[int], after: int, within: Span = EVER
) -> datetime | None:
    """The earliest moment whose statistics changed after an arrival; None when none did.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        after: Number of an arrival.
        within: Which moments count.
    """
    query = select(func.min(price_moves.c.moment)).where(
        price_moves.c.series_id.in_(series_ids),
        price_moves.c.changed_at_arrival > after,
        *_within(within),
    )
    found: datetime | None = connection.scalar(query)
    return found


def read_changed_days(connection: Connection, series_ids: Collection[int], after: int) -> dict[date, int]:
    """The UTC days with a row that changed after an arrival, by time, each with its newest such arrival.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        after: Number of the arrival; 0 for all days.
    """
    query = (
        select(price_moves.c.moment, func.max(price_moves.c.changed_at_arrival))
        .where(price_moves.c.series_id.in_(series_ids), price_moves.c.changed_at_arrival > after)
        .group_by(price_moves.c.moment)
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
    within: Span = EVER,
) -> Iterator[Sequence[Cell]]:
    """The statistics by moment, in the values of ``StatisticsRow``; decimals as their digits.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        labels: Of the windows, in the order that their values shall have.
        within: Which moments.
    """
    query = _select_cells(labels).where(price_moves.c.series_id == series_id, *_within(within))
    query = query.order_by(price_moves.c.moment)
    yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))


def read_cells_of_coins(
    connection: Connection, series_ids: Collection[int], labels: Sequence[str], within: Span = EVER
) -> Iterator[Sequence[Cell]]:
    """The statistics of several series by moment and coin; the coin stands behind the moment.

    Args:
        connection: A transaction.
        series_ids: Keys of the series, each of another coin.
        labels: Of the windows, in the order that their values shall have.
        within: Which moments.
    """
    cells = _select_cells(labels)
    moment, *values = cells.selected_columns
    query = (
        cells.with_only_columns(moment, series.c.coin, *values)
        .join(series, series.c.id == price_moves.c.series_id)
        .where(price_moves.c.series_id.in_(series_ids), *_within(within))
        .order_by(price_moves.c.moment, series.c.coin)
    )
    yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))


def _select_cells(labels: Sequence[str]) -> Select[*tuple[Any, ...]]:
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
    return select(*columns).select_from(tables)


def _within(span: Span) -> tuple[ColumnElement[bool], ...]:
    return price_moves.c.moment >= span.start, price_moves.c.moment < span.end


def _same_moment(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.series_id == price_moves.c.series_id, table.c.moment == price_moves.c.moment)


def _cells(rows: Iterable[SeriesRow]) -> list[Sequence[Cell]]:
    return [
        (
            format_moment(moment),
            to_digits(price),
            None if hour is None else to_digits(hour),
            None if day is None else to_digits(day),
            *others,
        )
        for _, _, (moment, price, hour, day, *others) in rows
    ]


def _moves(rows: Sequence[SeriesRow], cells: Sequence[Sequence[Cell]]) -> list[bulk.BoundRow]:
    return [
        (series_id, moment, hour, day, log_return, arrival)
        for (series_id, arrival, _), (moment, _, hour, day, log_return, *_) in zip(rows, cells, strict=True)
    ]


def _windows(
    rows: Sequence[SeriesRow], cells: Sequence[Sequence[Cell]], labels: Sequence[str]
) -> list[bulk.BoundRow]:
    starts = range(_FIRST_WINDOW, len(cells[0]), _WINDOW_VALUES)
    places = [
        (label, slice(start, start + _WINDOW_VALUES)) for label, start in zip(labels, starts, strict=True)
    ]
    return [
        (series_id, values[0], label, *values[place])
        for (series_id, _, _), values in zip(rows, cells, strict=True)
        for label, place in places
    ]

"""Statistics of a series: moves and windows of every moment, and how far they are computed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Text,
    and_,
    delete,
    func,
    select,
    type_coerce,
    update,
)

from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database.engine import bulk
from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import (
    latest_observations,
    observations,
    price_moves,
    statistics_state,
    window_statistics,
)
from pipeline_lib.model.observation import ObservedPrice

StatisticsRow: TypeAlias = tuple[Any, ...]
"""moment, price, move over an hour, over a day, log return; a window's mean, deviation, count, z-score, …"""

Cell: TypeAlias = datetime | str | float | int | None

_FIRST_WINDOW, _WINDOW_VALUES = 5, 4
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class StatisticsState:
    """How far the statistics of a series are computed.

    Attributes:
        computed_by: Method and windows, as one text; empty before the first time.
        arrival: All observations up to this one are in; 0 before the first time.
    """

    computed_by: str
    arrival: int


@dataclass(frozen=True, slots=True)
class LatestObservation:
    """The newest observation of a series.

    Attributes:
        moment: Of its run (UTC).
        observations: How many the series has.
    """

    moment: datetime
    observations: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """Observations that came after some arrival.

    Attributes:
        moments: Of their runs (UTC), by time; of all observations, the first and the last one will do.
        newest: Number of the newest arrival among them.
    """

    moments: Sequence[datetime]
    newest: int


def lock_state(connection: Connection, series_id: int) -> StatisticsState:
    """The state of a series, which no other transaction changes before this one ends.

    Args:
        connection: A transaction that writes.
        series_id: Key of the series.
    """
    nothing = {"series_id": series_id, "windows": "", "arrival": 0}
    connection.execute(
        insert_or_ignore(connection, statistics_state).values(nothing).on_conflict_do_nothing()
    )
    # SQLite's transaction holds the whole database, and its SELECT leaves FOR UPDATE out.
    query = select(statistics_state.c.windows, statistics_state.c.arrival).where(
        statistics_state.c.series_id == series_id
    )
    return StatisticsState(*connection.execute(query.with_for_update()).one())


def read_state(connection: Connection, series_id: int) -> StatisticsState:
    """The state of a series.

    Args:
        connection: A transaction.
        series_id: Key of the series.
    """
    query = select(statistics_state.c.windows, statistics_state.c.arrival).where(
        statistics_state.c.series_id == series_id
    )
    row = connection.execute(query).one_or_none()
    return StatisticsState("", 0) if row is None else StatisticsState(*row)


def write_state(connection: Connection, series_id: int, state: StatisticsState) -> None:
    """Note how far the statistics of a series are computed.

    Args:
        connection: The transaction that locked the state.
        series_id: Key of the series.
        state: The new state.
    """
    connection.execute(
        update(statistics_state)
        .where(statistics_state.c.series_id == series_id)
        .values(windows=state.computed_by, arrival=state.arrival)
    )


def clear(connection: Connection, series_id: int) -> None:
    """Remove all statistics of a series.

    Args:
        connection: A transaction that writes.
        series_id: Key of the series.
    """
    for table in (price_moves, window_statistics, latest_observations):
        connection.execute(delete(table).where(table.c.series_id == series_id))


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
    remaining, count = iter(rows), 0
    while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
        moments = [format_moment(row[0]) for row in chunk]
        bulk.upsert(connection, price_moves, _moves(series_id, moments, chunk, arrival))
        bulk.upsert(connection, window_statistics, _windows(series_id, moments, chunk, labels))
        count += len(chunk)
    return count


def update_latest(connection: Connection, series_id: int, further: int) -> LatestObservation:
    """Bring the row for overviews up to statistics that were just written.

    Args:
        connection: The transaction that wrote them.
        series_id: Key of the series, which has statistics.
        further: How many moments they have more than before.
    """
    newest = (
        select(
            price_moves.c.series_id,
            price_moves.c.moment,
            observations.c.price,
            price_moves.c.change_1h_percent,
            price_moves.c.change_24h_percent,
        )
        .join(observations, _same_moment(observations))
        .where(price_moves.c.series_id == series_id)
        .order_by(price_moves.c.moment.desc())
        .limit(1)
    )
    known = read_latest(connection, series_id)
    values = connection.execute(newest).one()._asdict()
    values["observations"] = further + (known.observations if known else 0)
    statement = insert_or_ignore(connection, latest_observations).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["series_id"], set_=values))
    return LatestObservation(values["moment"], values["observations"])


def read_latest(connection: Connection, series_id: int) -> LatestObservation | None:
    """The newest observation of a series that has statistics; None when none has.

    Args:
        connection: A transaction.
        series_id: Key of the series.
    """
    columns = (latest_observations.c.moment, latest_observations.c.observations)
    row = connection.execute(
        select(*columns).where(latest_observations.c.series_id == series_id)
    ).one_or_none()
    return None if row is None else LatestObservation(*row)


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


def _moves(
    series_id: int, moments: Sequence[str], rows: Sequence[StatisticsRow], arrival: int
) -> list[bulk.BoundRow]:
    return [
        (
            series_id,
            moment,
            None if hour is None else to_digits(hour),
            None if day is None else to_digits(day),
            log_return,
            arrival,
        )
        for moment, (_, _, hour, day, log_return, *_) in zip(moments, rows, strict=True)
    ]


def _windows(
    series_id: int, moments: Sequence[str], rows: Sequence[StatisticsRow], labels: Sequence[str]
) -> list[bulk.BoundRow]:
    starts = range(_FIRST_WINDOW, len(rows[0]), _WINDOW_VALUES)
    places = [
        (label, slice(start, start + _WINDOW_VALUES)) for label, start in zip(labels, starts, strict=True)
    ]
    return [
        (series_id, moment, label, *row[place])
        for moment, row in zip(moments, rows, strict=True)
        for label, place in places
    ]

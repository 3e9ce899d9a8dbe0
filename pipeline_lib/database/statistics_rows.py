"""Statistics of a series as rows of the processed table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, delete, select

from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import observations, price_moves, statistics_state, window_statistics

StatisticsRow: TypeAlias = tuple[datetime | Decimal | float | int | None, ...]
"""moment, price, moves over an hour and a day, log return; of each window mean, std, count, z-score."""

_MOVES, _WINDOW_VALUES = 5, ("mean", "std", "count", "z_score")
_ROWS_AT_ONCE = 10_000

END = datetime.max.replace(microsecond=0, tzinfo=UTC)
"""After any moment but itself."""


@dataclass(frozen=True, slots=True)
class StatisticsState:
    """How far the statistics of a series are computed.

    Attributes:
        computed_by: Method and windows, as one text; empty before the first time.
        arrival: All observations up to this one are in; 0 before the first time.
    """

    computed_by: str
    arrival: int


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
    connection: Connection, series_id: int, labels: Sequence[str], since: datetime, until: datetime
) -> Iterator[Sequence[Any]]:
    """The statistics by moment, in the values of ``StatisticsRow``.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        labels: Of the windows, in the order that their values shall have.
        since: The first moment (UTC).
        until: Only moments before it (UTC).
    """
    columns: list[ColumnElement[Any]] = [
        price_moves.c.moment,
        observations.c.price,
        price_moves.c.change_1h_percent,
        price_moves.c.change_24h_percent,
        price_moves.c.log_return,
    ]
    tables: FromClause = price_moves.join(observations, _same_moment(observations))
    for label in labels:
        window = window_statistics.alias()
        tables = tables.join(window, and_(_same_moment(window), window.c.window == label))
        columns += (window.c[value] for value in _WINDOW_VALUES)
    query = (
        select(*columns)
        .select_from(tables)
        .where(
            price_moves.c.series_id == series_id,
            price_moves.c.moment >= since,
            price_moves.c.moment < until,
        )
        .order_by(price_moves.c.moment)
    )
    yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))


def rewrite(
    connection: Connection,
    series_id: int,
    labels: Sequence[str],
    rows: Iterable[StatisticsRow],
    state: StatisticsState,
) -> None:
    """Enter all statistics of a series; those that are the same keep the arrival that changed them.

    Args:
        connection: A transaction that writes.
        series_id: Key of the series.
        labels: Of the windows, in the order of the rows' values.
        rows: Of all its observations.
        state: How they are computed, and the newest arrival that they follow from.
    """
    if read_state(connection, series_id).computed_by != state.computed_by:
        for table in (price_moves, window_statistics):
            connection.execute(delete(table).where(table.c.series_id == series_id))
    found = set(map(tuple, read_cells(connection, series_id, labels, BEGINNING, END)))
    changed = [row for row in rows if row not in found]
    moves = [
        {
            "series_id": series_id,
            "moment": moment,
            "change_1h_percent": hour,
            "change_24h_percent": day,
            "log_return": log_return,
            "changed_at_arrival": state.arrival,
        }
        for moment, _, hour, day, log_return, *_ in changed
    ]
    windows = [
        {
            "series_id": series_id,
            "moment": row[0],
            "window": label,
            **dict(zip(_WINDOW_VALUES, row[start : start + len(_WINDOW_VALUES)], strict=True)),
        }
        for row in changed
        for label, start in zip(labels, range(_MOVES, len(row), len(_WINDOW_VALUES)), strict=True)
    ]
    _upsert(connection, price_moves, ("series_id", "moment"), moves)
    _upsert(connection, window_statistics, ("series_id", "moment", "window"), windows)
    values = {"series_id": series_id, "windows": state.computed_by, "arrival": state.arrival}
    _upsert(connection, statistics_state, ("series_id",), [values])


def _same_moment(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.series_id == price_moves.c.series_id, table.c.moment == price_moves.c.moment)


def _upsert(
    connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> None:
    if not rows:
        return
    statement = insert_or_ignore(connection, table)
    values = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values), list(rows))

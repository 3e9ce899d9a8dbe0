"""How far the statistics of series are computed, and which."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from pipeline_lib.database.engine import bulk
from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import statistics_state


@dataclass(frozen=True, slots=True)
class StatisticsState:
    """How far the statistics of a series are computed.

    Attributes:
        computed_by: Method and windows, as one text; empty before the first time.
        arrival: All observations up to this one are in; 0 before the first time.
    """

    computed_by: str
    arrival: int


NOT_COMPUTED = StatisticsState("", 0)
"""The state of a series before the first time."""


def lock(connection: Connection, series_ids: Collection[int]) -> dict[int, StatisticsState]:
    """The states of series by their keys, which no other transaction changes before this one ends.

    Args:
        connection: A transaction that writes.
        series_ids: Keys of the series.
    """
    # SQLite's transaction holds the whole database, and its SELECT leaves FOR UPDATE out.
    query = _query(series_ids).with_for_update()
    found = _states(connection, query)
    if new := sorted({*series_ids} - found.keys()):
        rows = [{"series_id": key, "windows": "", "arrival": 0} for key in new]
        connection.execute(insert_or_ignore(connection, statistics_state).on_conflict_do_nothing(), rows)
        found = _states(connection, query)
    return found


def read(connection: Connection, series_ids: Collection[int]) -> dict[int, StatisticsState]:
    """The states of series by their keys; those without statistics have none.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
    """
    return _states(connection, _query(series_ids))


def write(connection: Connection, states: Mapping[int, StatisticsState]) -> None:
    """Note how far the statistics of series are computed.

    Args:
        connection: The transaction that locked the states.
        states: The new states, by the key of the series.
    """
    rows = [(key, state.computed_by, state.arrival) for key, state in states.items()]
    if rows:
        bulk.upsert(connection, statistics_state, rows)


def _query(series_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    # In their order, so that two that lock the same ones never wait for each other.
    columns = statistics_state.c
    query = select(columns.series_id, columns.windows, columns.arrival)
    return query.where(columns.series_id.in_(series_ids)).order_by(columns.series_id)


def _states(connection: Connection, query: Select[*tuple[Any, ...]]) -> dict[int, StatisticsState]:
    return {row.series_id: StatisticsState(row.windows, row.arrival) for row in connection.execute(query)}

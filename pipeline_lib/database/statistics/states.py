"""How far the statistics of a series are computed, and which."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

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


def lock(connection: Connection, series_id: int) -> StatisticsState:
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


def read(connection: Connection, series_id: int) -> StatisticsState:
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


def write(connection: Connection, series_id: int, state: StatisticsState) -> None:
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

"""Observations → statistics, where database and analysis meet.

What the database then holds follows from the observations alone: not from their order of arrival, nor from
how many came at a time.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import METHOD, Lookback, processed_rows
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.database.statistics import computed, latest_rows, observed, states
from pipeline_lib.database.statistics.states import StatisticsState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pipeline_lib.specs import Window


@dataclass(frozen=True, slots=True)
class Updated:
    """Statistics that hold all observations of a series.

    Attributes:
        rows: How many moments they are of.
        last: The newest one; None when there is none.
        changed: Whether it wasn't so before.
    """

    rows: int
    last: datetime | None
    changed: bool


def update_statistics(connection: "Connection", series_id: int, windows: "Sequence[Window]") -> Updated:
    """Bring the statistics of a series up to its observations.

    What came since the last time is computed, and what follows from it: the rows whose windows, moves or
    log return it is in. An hour costs what the longest window does, not the history. Statistics of other
    windows, or of another method, are computed anew.

    Args:
        connection: A transaction that writes; two of one series follow each other.
        series_id: Key of the series.
        windows: Of the pipeline.

    Raises:
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    state, wanted = states.lock(connection, series_id), computed_by(windows)
    if state.computed_by != wanted:
        computed.clear(connection, series_id)
        state = StatisticsState(wanted, 0)
    arrived = observed.read_arrived(connection, series_id, state.arrival)
    if arrived is None:
        latest = latest_rows.read(connection, series_id)
        return Updated(latest.observations if latest else 0, latest.moment if latest else None, changed=False)
    is_rebuild = not state.arrival
    stretches = (
        [(arrived.moments[0], arrived.moments[-1])]
        if is_rebuild
        else _stretches(arrived.moments, Lookback.of(windows).time)
    )
    with collecting_no_garbage():
        further = sum(
            _compute(connection, series_id, windows, stretch, arrived.newest) for stretch in stretches
        )
    states.write(connection, series_id, StatisticsState(wanted, arrived.newest))
    latest = latest_rows.update(connection, series_id, further)
    return Updated(latest.observations, latest.moment, changed=True)


def computed_by(windows: "Sequence[Window]") -> str:
    """Method and windows as one text: another text means other values, or other columns."""
    return " ".join([f"method={METHOD}", *(window.label for window in windows)])


def _stretches(moments: Sequence[datetime], longest_gap: timedelta) -> list[tuple[datetime, datetime]]:
    """First and last of ``moments``, by time, as long as the next one is no further away than a gap."""
    stretches = [(moments[0], moments[0])]
    for moment in moments[1:]:
        first, last = stretches[-1]
        if moment - last > longest_gap:
            stretches.append((moment, moment))
        else:
            stretches[-1] = (first, moment)
    return stretches


def _compute(
    connection: "Connection",
    series_id: int,
    windows: "Sequence[Window]",
    stretch: tuple[datetime, datetime],
    arrival: int,
) -> int:
    """Compute a stretch of new observations and the rows after it that it reaches; how many are new."""
    first, last = stretch
    lookback = Lookback.of(windows)
    reached_by_count = observed.moment_of_row(connection, series_id, last, lookback.rows) or last
    last = max(reached_by_count, last + lookback.time)
    begin_by_count = observed.moment_of_row(connection, series_id, first, -lookback.rows) or first
    begin = min(begin_by_count, first - lookback.time)
    prices = observed.read_prices(connection, series_id, begin, last)
    place = bisect_left(prices, first, key=attrgetter("moment"))
    rows = processed_rows(prices[place:], windows, before=prices[:place])
    known = computed.count_between(connection, series_id, first, last)
    labels = [window.label for window in windows]
    return computed.write(connection, series_id, labels, rows, arrival) - known

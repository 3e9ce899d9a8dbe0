"""Observations → statistics, where database and analysis meet.

What the database then holds follows from the observations alone: not from their order of arrival, nor from
how many came at a time.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from pipeline_lib.analysis.processed import METHOD, Lookback, processed_rows
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.database.statistics import computed, latest_rows, observed, states
from pipeline_lib.database.statistics.observed import Arrived
from pipeline_lib.database.statistics.states import StatisticsState
from pipeline_lib.model.observation import ObservedPrice

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pipeline_lib.specs import Window


@dataclass(frozen=True, slots=True)
class Updated:
    """Statistics that hold all observations of some series.

    Attributes:
        rows: How many observations they are of.
        last: The newest one; None when there is none.
        changed: Whether it wasn't so before.
    """

    rows: int
    last: datetime | None
    changed: bool


def update_statistics(
    connection: "Connection", series_ids: Collection[int], windows: "Sequence[Window]"
) -> Updated:
    """Bring the statistics of series up to their observations, in one pass over all of them.

    What came since the last time is computed, and what follows from it: the rows whose windows, moves or
    log return it is in. An hour costs what the longest window does, not the history. Statistics of other
    windows, or of another method, are computed anew.

    Args:
        connection: A transaction that writes; two of one series follow each other.
        series_ids: Keys of the series.
        windows: Of the pipeline.

    Raises:
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    known, wanted = states.lock(connection, series_ids), computed_by(windows)
    if others := [key for key, state in known.items() if state.computed_by != wanted]:
        computed.clear(connection, others)
        known.update(dict.fromkeys(others, StatisticsState(wanted, 0)))
    arrived = observed.read_arrived(connection, {key: state.arrival for key, state in known.items()})
    rebuilt = {key for key in arrived if not known[key].arrival}
    further = dict.fromkeys(arrived, 0)
    with collecting_no_garbage():
        for stretch, keys in _stretches(arrived, rebuilt, Lookback.of(windows).time).items():
            newest = {key: arrived[key].newest for key in keys}
            for key, added in _compute(connection, newest, windows, stretch).items():
                further[key] += added
    states.write(connection, {key: StatisticsState(wanted, each.newest) for key, each in arrived.items()})
    latest_rows.update(connection, further)
    latest = latest_rows.read(connection, series_ids).values()
    return Updated(
        rows=sum(each.observations for each in latest),
        last=max((each.moment for each in latest), default=None),
        changed=bool(arrived),
    )


def computed_by(windows: "Sequence[Window]") -> str:
    """Method and windows as one text: another text means other values, or other columns."""
    return " ".join([f"method={METHOD}", *(window.label for window in windows)])


Stretch: TypeAlias = tuple[datetime, datetime]
"""First and last moment of new observations."""


def _stretches(
    arrived: Mapping[int, Arrived], rebuilt: Collection[int], longest_gap: timedelta
) -> Mapping[Stretch, Sequence[int]]:
    """Where there is something to compute, each with the series of which that holds."""
    found: dict[Stretch, list[int]] = {}
    for key, each in arrived.items():
        whole = (each.moments[0], each.moments[-1])
        own = [whole] if key in rebuilt else _connected(each.moments, longest_gap)
        for stretch in own:
            found.setdefault(stretch, []).append(key)
    return found


def _connected(moments: Sequence[datetime], longest_gap: timedelta) -> list[Stretch]:
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
    connection: "Connection", newest: Mapping[int, int], windows: "Sequence[Window]", stretch: Stretch
) -> Mapping[int, int]:
    """Compute a stretch of new observations, and the rows after it that it reaches.

    Args:
        connection: A transaction that writes.
        newest: The newest arrival by the key of the series.
        windows: Of the pipeline.
        stretch: The same for all of the series.

    Returns:
        How many rows are new, by the key of the series.
    """
    first, lookback = stretch[0], Lookback.of(windows)
    further: dict[int, int] = {}
    for (begin, last), keys in _ranges(connection, newest, stretch, lookback).items():
        prices = observed.read_prices(connection, keys, begin, last)
        known = computed.count_between(connection, keys, first, last)
        computed.write(
            connection,
            [window.label for window in windows],
            (
                computed.SeriesRow(key, newest[key], row)
                for key, own in prices.items()
                for row in _rows(own, first, windows)
            ),
        )
        for key, own in prices.items():
            added = len(own) - bisect_left(own, first, key=attrgetter("moment"))
            further[key] = further.get(key, 0) + added - known.get(key, 0)
    return further


def _rows(
    prices: Sequence[ObservedPrice], first: datetime, windows: "Sequence[Window]"
) -> Iterator[computed.StatisticsRow]:
    place = bisect_left(prices, first, key=attrgetter("moment"))
    return processed_rows(prices[place:], windows, before=prices[:place])


def _ranges(
    connection: "Connection", series_ids: Collection[int], stretch: Stretch, lookback: Lookback
) -> Mapping[Stretch, Sequence[int]]:
    """What to read: as far back as rows look, and as far on as the stretch reaches; with the series."""
    first, last = stretch
    later = observed.moments_of_rows(connection, series_ids, last, lookback.rows)
    earlier = observed.moments_of_rows(connection, series_ids, first, -lookback.rows)
    found: dict[Stretch, list[int]] = {}
    for key in series_ids:
        begin = min(earlier.get(key, first), first - lookback.time)
        end = max(later.get(key, last), last + lookback.time)
        found.setdefault((begin, end), []).append(key)
    return found

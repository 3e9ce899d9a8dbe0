"""All rows of a pipeline that follow from its archive, compared and written at once.

Series, events, messages and quarantine stay: they don't follow from it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, delete, select, update

from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.timestamps import BEGINNING, format_moment
from pipeline_lib.database import arrivals as orders
from pipeline_lib.database import observations as rows
from pipeline_lib.database.arrivals import ArchivedPart, Arrival, chained, midnight
from pipeline_lib.database.engine import bulk
from pipeline_lib.database.pipelines import NO_CHAIN, Series, ensure_pipeline, ensure_series, find_series
from pipeline_lib.database.tables import (
    arrivals,
    latest_observations,
    manifests,
    observations,
    pipelines,
    price_moves,
    publications,
    published_objects,
    rule_checkpoints,
    statistics_state,
    unpublished_snapshots,
    window_statistics,
)
from pipeline_lib.model.observation import Observation

_ROWS_AT_ONCE = 10_000
_MOMENTS_KEPT = 1 << 18
_DAY = timedelta(days=1)
_Format: TypeAlias = Callable[[datetime], str]
_DERIVED = (price_moves, window_statistics, statistics_state, latest_observations, rule_checkpoints)
_PUBLISHED = (publications, published_objects, unpublished_snapshots)


class ReplayedPart(NamedTuple):
    """A snapshot with what it holds.

    Attributes:
        archived: The snapshot.
        observations: All of one currency; none where it can't be read.
    """

    archived: ArchivedPart
    observations: Sequence[Observation]


ObservationKey: TypeAlias = tuple[str, str, datetime]
"""Coin, currency and moment."""


class PlacedObservation(NamedTuple):
    """An observation with the snapshot that it is recorded from.

    Attributes:
        arrival: Number of the snapshot.
        part: Of the snapshot.
        observation: What was observed.
    """

    arrival: int
    part: int
    observation: Observation

    @property
    def key(self) -> ObservationKey:
        """What it is of."""
        return self.observation.coin, self.observation.vs_currency, self.observation.moment


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a pipeline's rows.

    Attributes:
        arrivals: All that are recorded now, in their order.
        added: How many of them came behind those that were recorded; all of them after a rebuild.
        is_first: Whether nothing was recorded before.
        is_rebuilt: Whether what was recorded was something else, and is gone.
        observations: All that are recorded now, where all rows were written; none where rows stayed.
    """

    arrivals: Sequence[Arrival]
    added: int
    is_first: bool
    is_rebuilt: bool
    observations: Collection[PlacedObservation] = ()


def in_order(parts: Iterable[ReplayedPart]) -> Iterator[Arrival]:
    """The arrivals that parts make which come in this order."""
    chain, day = NO_CHAIN, BEGINNING
    for number, (archived, _) in enumerate(parts, start=1):
        chain = chained(chain, archived)
        if archived.moment - day >= _DAY:
            day = midnight(archived.moment)
        yield Arrival(number, archived, chain, day)


def placed(parts: Iterable[ReplayedPart]) -> dict[ObservationKey, PlacedObservation]:
    """The observations of parts that come in this order; of two of one key that of the lowest part."""
    found: dict[ObservationKey, PlacedObservation] = {}
    for number, part in enumerate(parts, start=1):
        for observation in part.observations:
            new = PlacedObservation(number, part.archived.part, observation)
            known = found.setdefault(new.key, new)
            if new.part < known.part:
                found[new.key] = new
    return found


def read_placed(connection: Connection, pipeline: str) -> dict[ObservationKey, PlacedObservation]:
    """All recorded observations of a pipeline.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
    """
    found = (
        PlacedObservation(each.arrival, each.part, each.observation)
        for each in rows.read_by_arrival(connection, pipeline)
    )
    return {each.key: each for each in found}


def read_parts(connection: Connection, pipeline: str) -> list[ReplayedPart]:
    """The recorded snapshots of a pipeline in their order, each with the observations recorded from it.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
    """
    by_arrival: dict[int, list[Observation]] = {}
    for each in rows.read_by_arrival(connection, pipeline):
        by_arrival.setdefault(each.arrival, []).append(each.observation)
    return [
        ReplayedPart(each.archived, by_arrival.get(each.number, ()))
        for each in orders.read(connection, pipeline)
    ]


def write(connection: Connection, pipeline: str, parts: Sequence[ReplayedPart]) -> Written:
    """Make the recorded snapshots of a pipeline these, in this order.

    Those that are recorded already stay as they are when they are the first of them; otherwise all rows that
    follow from the archive are replaced, and statistics, checkpoints and what is known of S3 are forgotten.

    Args:
        connection: A transaction that writes.
        pipeline: Name of the pipeline.
        parts: All snapshots of its archive.
    """
    pipeline_id = ensure_pipeline(connection, pipeline)
    orders.lock(connection, pipeline_id)
    known = list(orders.read(connection, pipeline))
    silent = {(each.archived.moment, each.archived.part): each.archived.is_silent for each in known}
    parts = [_with_silence(part, silent) for part in parts]
    wanted = list(in_order(parts))
    if (
        known
        and known == wanted[: len(known)]
        and read_head(connection, pipeline) == known[-1]
        and read_placed(connection, pipeline) == placed(parts[: len(known)])
    ):
        for part in parts[len(known) :]:
            _record(connection, pipeline, part)
        return Written(wanted, len(parts) - len(known), is_first=False, is_rebuilt=False)
    _clear(connection, pipeline_id, find_series(connection, pipeline))
    found = placed(parts).values()
    _insert(connection, pipeline_id, wanted, found)
    return Written(wanted, len(parts), not known, bool(known), found)


def read_head(connection: Connection, pipeline: str) -> Arrival | None:
    """The newest arrival as the pipeline's own row says; None before the first.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
    """
    query = select(
        arrivals, pipelines.c.chain_sha256.label("chain"), pipelines.c.manifest_day.label("day")
    ).join(pipelines)
    found = query.where(pipelines.c.name == pipeline, arrivals.c.number == pipelines.c.arrivals)
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    return orders.to_arrival(row)._replace(chain_sha256=row.chain, manifest_day=row.day)


def _with_silence(part: ReplayedPart, silent: Mapping[tuple[datetime, int], bool]) -> ReplayedPart:
    # The archive doesn't say whom a backfill alerts.
    archived = part.archived
    known = silent.get((archived.moment, archived.part), archived.is_silent)
    return part if known == archived.is_silent else part._replace(archived=archived._replace(is_silent=known))


def _record(connection: Connection, pipeline: str, part: ReplayedPart) -> None:
    orders.record(connection, pipeline, part.archived, part.observations)


def _clear(connection: Connection, pipeline_id: int, series: Sequence[Series]) -> None:
    keys = [each.id for each in series]
    for table in (*_DERIVED, observations):
        connection.execute(delete(table).where(table.c.series_id.in_(keys)))
    for table in (*_PUBLISHED, manifests, arrivals):
        connection.execute(delete(table).where(table.c.pipeline_id == pipeline_id))


def _insert(
    connection: Connection, pipeline_id: int, wanted: Sequence[Arrival], found: Collection[PlacedObservation]
) -> None:
    # Most times stand in several columns, and to write one out takes longer than to find it.
    write_out = lru_cache(_MOMENTS_KEPT)(format_moment)
    for chunk in _chunks(_arrival_row(pipeline_id, each, write_out) for each in wanted):
        bulk.upsert(connection, arrivals, chunk)
    coins: dict[str, set[str]] = {}
    for _, _, observation in found:
        coins.setdefault(observation.vs_currency, set()).add(observation.coin)
    series = {
        (coin, vs_currency): key
        for vs_currency, of_currency in coins.items()
        for coin, key in ensure_series(connection, pipeline_id, of_currency, vs_currency).items()
    }
    for chunk in _chunks(
        _observation_row(series[each.observation.coin, each.observation.vs_currency], each, write_out)
        for each in found
    ):
        bulk.upsert(connection, observations, chunk)
    last = wanted[-1] if wanted else None
    connection.execute(
        update(pipelines)
        .where(pipelines.c.id == pipeline_id)
        .values(
            arrivals=last.number if last else 0,
            chain_sha256=last.chain_sha256 if last else NO_CHAIN,
            manifest_day=last.manifest_day if last else None,
        )
    )


def _chunks(found: Iterable[bulk.BoundRow]) -> Iterator[list[bulk.BoundRow]]:
    remaining = iter(found)
    while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
        yield chunk


def _arrival_row(pipeline_id: int, arrival: Arrival, write_out: _Format) -> bulk.BoundRow:
    archived = arrival.archived
    return (
        pipeline_id,
        arrival.number,
        write_out(archived.moment),
        archived.part,
        archived.json_sha256,
        archived.csv_sha256,
        arrival.chain_sha256,
        write_out(arrival.manifest_day),
        archived.is_silent,
        write_out(archived.requested_at),
        orders.encode_missing(archived),
    )


def _observation_row(series_id: int, placed: PlacedObservation, write_out: _Format) -> bulk.BoundRow:
    observation = placed.observation
    return (
        series_id,
        write_out(observation.moment),
        placed.arrival,
        placed.part,
        _digits(observation.price),
        _digits(observation.change_1h_percent),
        _digits(observation.change_24h_percent),
        _digits(observation.market_cap),
        _digits(observation.total_volume),
        write_out(observation.last_updated),
    )


def _digits(value: Decimal | None) -> str | None:
    return None if value is None else to_digits(value)

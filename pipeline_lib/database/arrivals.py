"""The order in which snapshots came: numbered without a gap, chained by hashes, closed day by day.

Number and hash follow the pipeline's row, which a transaction holds until it is committed: sequences don't
follow commits. A manifest lists the arrivals between two closings; it is named by the day of the newest
moment when it was begun, and the first arrival of a later day closes it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select, update

from pipeline_lib.common.spans import Span
from pipeline_lib.database import observations as rows
from pipeline_lib.database.pipelines import ensure_pipeline, ensure_series
from pipeline_lib.database.tables import arrivals, observations, pipelines, series
from pipeline_lib.model.observation import Observation


class ArchivedPart(NamedTuple):
    """A snapshot as it lies in the archive. A replay makes a hundred thousand, as of all named tuples here.

    Attributes:
        moment: The run's moment (UTC).
        part: 1 for the first of its moment.
        json_sha256: The hash of its JSON file.
        csv_sha256: The hash of its CSV file.
        requested_at: When it was asked for, by the real clock (UTC).
        is_silent: Whether it was backfilled, so that its consequences alert nobody.
        missing: Coins that belong to the pipeline at the moment and that it lacks, in order.
    """

    moment: datetime
    part: int
    json_sha256: str
    csv_sha256: str
    requested_at: datetime
    is_silent: bool = False
    missing: tuple[str, ...] = ()


class Arrival(NamedTuple):
    """A snapshot in the order of arrival.

    Attributes:
        number: 1, 2, …
        archived: The snapshot.
        chain_sha256: The hash over all arrivals up to this one.
        manifest_day: Midnight (UTC) of the day that names its manifest.
    """

    number: int
    archived: ArchivedPart
    chain_sha256: str
    manifest_day: datetime


def record(
    connection: Connection, pipeline: str, archived: ArchivedPart, observed: Sequence[Observation]
) -> tuple[Arrival, bool]:
    """Enter an archived snapshot and its observations, unless they are there.

    Args:
        connection: A transaction that writes; two of one pipeline follow each other.
        pipeline: Name of the pipeline.
        archived: The snapshot.
        observed: What it holds, all of one currency; none where it can't be read any more.

    Returns:
        The arrival, and whether it is new.
    """
    pipeline_id = ensure_pipeline(connection, pipeline)
    head = lock(connection, pipeline_id)
    known = _find(connection, pipeline_id, archived.moment, archived.part)
    if known is not None:
        return known, False
    day = midnight(archived.moment)
    manifest_day = max(day, head.manifest_day or day)
    arrival = Arrival(head.arrivals + 1, archived, chained(head.chain_sha256, archived), manifest_day)
    connection.execute(arrivals.insert().values(_values(pipeline_id, arrival)))
    if observed:
        coins, vs_currency = {each.coin for each in observed}, observed[0].vs_currency
        keys = ensure_series(connection, pipeline_id, coins, vs_currency)
        rows.insert(connection, keys, arrival.number, archived.part, observed)
    connection.execute(
        update(pipelines)
        .where(pipelines.c.id == pipeline_id)
        .values(arrivals=arrival.number, chain_sha256=arrival.chain_sha256, manifest_day=manifest_day)
    )
    return arrival, True


def chained(previous: str, archived: ArchivedPart) -> str:
    """The chain's hash after one more arrival: over the hash before and the snapshot's two."""
    return sha256(f"{previous}{archived.json_sha256}{archived.csv_sha256}".encode()).hexdigest()


def find(connection: Connection, pipeline: str, moment: datetime) -> list[Arrival]:
    """The arrivals of a moment, by part.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        moment: Of a run (UTC).
    """
    query = _query(pipeline).where(arrivals.c.moment == moment).order_by(arrivals.c.part)
    return [to_arrival(row) for row in connection.execute(query)]


def find_nearest_moment(connection: Connection, pipeline: str, moment: datetime) -> datetime | None:
    """The recorded moment nearest to a moment, of two the earlier one; None where there is none.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        moment: Of a run (UTC).
    """
    query = select(arrivals.c.moment).join(pipelines).where(pipelines.c.name == pipeline).limit(1)
    column = arrivals.c.moment
    before = connection.scalar(query.where(column <= moment).order_by(column.desc()))
    after = connection.scalar(query.where(column >= moment).order_by(column))
    found = [each for each in (before, after) if each is not None]
    return min(found, key=lambda each: abs(each - moment), default=None)


def find_newest_moment(connection: Connection, pipeline: str) -> datetime | None:
    """The newest recorded moment of a pipeline; None where there is none.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
    """
    query = select(func.max(arrivals.c.moment, type_=arrivals.c.moment.type)).join(pipelines)
    found: datetime | None = connection.scalar(query.where(pipelines.c.name == pipeline))
    return found


def read_members(
    connection: Connection, pipeline: str, vs_currency: str, within: Span
) -> dict[datetime, frozenset[str]]:
    """The coins that belong to a pipeline by the first snapshot of each moment, by time.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        vs_currency: The currency that prices are in.
        within: Which moments.
    """
    first = (
        select(arrivals.c.moment, arrivals.c.number, arrivals.c.missing, arrivals.c.pipeline_id)
        .join(pipelines)
        .where(
            pipelines.c.name == pipeline,
            arrivals.c.part == 1,
            arrivals.c.moment >= within.start,
            arrivals.c.moment < within.end,
        )
        .order_by(arrivals.c.moment)
    )
    members = {row.number: (row.moment, {*(row.missing or "").split()}) for row in connection.execute(first)}
    held = (
        select(observations.c.arrival, series.c.coin)
        .join(series, series.c.id == observations.c.series_id)
        .join(pipelines, pipelines.c.id == series.c.pipeline_id)
        .where(
            pipelines.c.name == pipeline,
            series.c.vs_currency == vs_currency,
            observations.c.moment >= within.start,
            observations.c.moment < within.end,
        )
    )
    for arrival, coin in connection.execute(held):
        if arrival in members:
            members[arrival][1].add(coin)
    return {moment: frozenset(coins) for moment, coins in members.values()}


def read_missing(connection: Connection, since: datetime) -> dict[str, dict[datetime, frozenset[str]]]:
    """The coins that the first snapshots of moments lack, of all pipelines, by name and moment.

    Args:
        connection: A transaction.
        since: The first moment that counts (UTC).
    """
    query = (
        select(pipelines.c.name, arrivals.c.moment, arrivals.c.missing)
        .join(pipelines)
        .where(arrivals.c.part == 1, arrivals.c.moment >= since, arrivals.c.missing.is_not(None))
    )
    found: dict[str, dict[datetime, frozenset[str]]] = {}
    for name, moment, missing in connection.execute(query):
        found.setdefault(name, {})[moment] = frozenset(missing.split())
    return found


def chain_at(connection: Connection, pipeline: str, number: int) -> str | None:
    """The hash over all arrivals up to one; None when there is none of this number.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        number: Of the arrival.
    """
    query = select(arrivals.c.chain_sha256).join(pipelines)
    found: str | None = connection.scalar(
        query.where(pipelines.c.name == pipeline, arrivals.c.number == number)
    )
    return found


def read(connection: Connection, pipeline: str, after: int = 0) -> Iterator[Arrival]:
    """The arrivals of a pipeline in their order.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        after: Only those with a greater number.
    """
    query = _query(pipeline).where(arrivals.c.number > after).order_by(arrivals.c.number)
    for row in connection.execute(query):
        yield to_arrival(row)


def lock(connection: Connection, pipeline_id: int) -> Row[*tuple[Any, ...]]:
    """Hold a pipeline's row, and so its order of arrival, until the transaction ends.

    Returns:
        Its columns ``arrivals``, ``chain_sha256`` and ``manifest_day``.
    """
    # SQLite's transaction holds the whole database, and its SELECT leaves FOR UPDATE out.
    query = (
        select(pipelines.c.arrivals, pipelines.c.chain_sha256, pipelines.c.manifest_day)
        .where(pipelines.c.id == pipeline_id)
        .with_for_update()
    )
    return connection.execute(query).one()


def _find(connection: Connection, pipeline_id: int, moment: datetime, part: int) -> Arrival | None:
    row = connection.execute(
        select(arrivals).where(
            arrivals.c.pipeline_id == pipeline_id, arrivals.c.moment == moment, arrivals.c.part == part
        )
    ).one_or_none()
    return None if row is None else to_arrival(row)


def _query(pipeline: str) -> Select[*tuple[Any, ...]]:
    return select(arrivals).join(pipelines).where(pipelines.c.name == pipeline)


def _values(pipeline_id: int, arrival: Arrival) -> dict[str, object]:
    archived = arrival.archived
    return {
        "pipeline_id": pipeline_id,
        "number": arrival.number,
        "moment": archived.moment,
        "part": archived.part,
        "json_sha256": archived.json_sha256,
        "csv_sha256": archived.csv_sha256,
        "chain_sha256": arrival.chain_sha256,
        "manifest_day": arrival.manifest_day,
        "is_silent": archived.is_silent,
        "requested_at": archived.requested_at,
        "missing": encode_missing(archived),
    }


def to_arrival(row: Row[*tuple[Any, ...]]) -> Arrival:
    """The arrival of a row of the table."""
    missing = tuple(row.missing.split()) if row.missing else ()
    archived = ArchivedPart(
        row.moment, row.part, row.json_sha256, row.csv_sha256, row.requested_at, row.is_silent, missing
    )
    return Arrival(row.number, archived, row.chain_sha256, row.manifest_day)


def encode_missing(archived: ArchivedPart) -> str | None:
    """The missing coins of a snapshot, as their column holds them."""
    return " ".join(archived.missing) or None


def midnight(moment: datetime) -> datetime:
    """Midnight (UTC) of a moment's day."""
    return datetime.combine(moment.date(), time(), UTC)

"""Closed manifests whose files are written: what the next one is chained to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import arrivals, manifests, pipelines


@dataclass(frozen=True, slots=True)
class ClosedManifest:
    """A manifest that no arrival joins any more.

    Attributes:
        day: Midnight (UTC) of the day that names it.
        sha256: The hash of its bytes.
        last_arrival: Number of its last arrival.
    """

    day: datetime
    sha256: str
    last_arrival: int


def read(connection: Connection, pipeline: str) -> list[ClosedManifest]:
    """All whose files are written, oldest first."""
    return [ClosedManifest(*row) for row in connection.execute(_of(pipeline).order_by(manifests.c.day))]


def find_newest(connection: Connection, pipeline: str) -> ClosedManifest | None:
    """The newest whose file is written, or None."""
    newest = _of(pipeline).order_by(manifests.c.day.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return None if row is None else ClosedManifest(*row)


def has_unwritten(connection: Connection, pipeline: str) -> bool:
    """Whether a manifest is closed whose file isn't known to be written; reads three rows."""
    last_written = (
        select(func.coalesce(func.max(manifests.c.last_arrival), 0))
        .where(manifests.c.pipeline_id == pipelines.c.id)
        .correlate(pipelines)
        .scalar_subquery()
    )
    query = (
        select(arrivals.c.number)
        .join(pipelines)
        .where(
            pipelines.c.name == pipeline,
            arrivals.c.number == last_written + 1,
            arrivals.c.manifest_day < pipelines.c.manifest_day,
        )
    )
    return bool(connection.scalar(select(exists(query))))


def insert(connection: Connection, pipeline_id: int, closed: Sequence[ClosedManifest]) -> None:
    """Note that files of manifests are written.

    Args:
        connection: A transaction that writes.
        pipeline_id: Key of the pipeline.
        closed: The manifests, at least one.
    """
    values = [
        {
            "pipeline_id": pipeline_id,
            "day": each.day,
            "sha256": each.sha256,
            "last_arrival": each.last_arrival,
        }
        for each in closed
    ]
    statement = insert_or_ignore(connection, manifests)
    changed = {name: statement.excluded[name] for name in ("sha256", "last_arrival")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["pipeline_id", "day"], set_=changed), values
    )


def _of(pipeline: str) -> Select[Any]:
    columns = manifests.c.day, manifests.c.sha256, manifests.c.last_arrival
    return select(*columns).join(pipelines).where(pipelines.c.name == pipeline)

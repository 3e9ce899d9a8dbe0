"""What S3 holds of a pipeline, so that a run needn't ask.

The rows are a cache: without them S3 is asked, and a wrong one is found by verifying. So a row is written
after S3 has confirmed what it says, and never before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, select, update

from pipeline_lib.database.arrivals import Arrival, to_arrival
from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import arrivals, publications, published_objects, unpublished_snapshots

Reasons: TypeAlias = Mapping[int, str | None]
"""Why S3 lacks snapshots, by the numbers of their arrivals; None for one that waits for its turn."""

_NAMES_AT_ONCE = 1000


class Folder(StrEnum):
    """A folder below the prefix; its value begins the keys in it."""

    RAW = "raw"
    PROCESSED = "processed"


@dataclass(frozen=True, slots=True)
class Target:
    """A destination of a pipeline.

    Attributes:
        pipeline_id: Key of the pipeline.
        destination: Stands for endpoint, bucket and prefix.
    """

    pipeline_id: int
    destination: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a folder is published.

    Attributes:
        arrival: All arrivals up to this one are.
        basis: A hash over what the folder was made from up to then; another one means that the numbers
            of arrivals, or the way in which tables are computed, are others now.
    """

    arrival: int
    basis: str


@dataclass(frozen=True, slots=True)
class PublishedObject:
    """An object that is replaced when it changes, as S3 confirmed it.

    Attributes:
        name: Its key below the prefix.
        sha256: Of its bytes.
        etag: That S3 gave them.
        arrival: All arrivals up to this one are in it.
    """

    name: str
    sha256: str
    etag: str
    arrival: int


def read_progress(connection: Connection, target: Target, folder: Folder) -> Progress | None:
    """How far a folder is published, or None when nobody knows.

    Args:
        connection: A transaction.
        target: The destination.
        folder: The folder.
    """
    query = select(publications.c.arrival, publications.c.basis).where(
        _of(publications, target), publications.c.folder == folder
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Progress(*row)


def start(connection: Connection, target: Target, folder: Folder, progress: Progress, now: datetime) -> None:
    """Replace all that is known of a folder by what S3 was just asked.

    Args:
        connection: A transaction that writes.
        target: The destination.
        folder: The folder.
        progress: How far it is published.
        now: The real clock (UTC).
    """
    _forget(connection, target, folder)
    values = {
        "pipeline_id": target.pipeline_id,
        "destination": target.destination,
        "folder": folder,
        "arrival": progress.arrival,
        "basis": progress.basis,
        "published_at": now,
    }
    # Of two that ask at once, each knows as much.
    connection.execute(insert_or_ignore(connection, publications).values(values).on_conflict_do_nothing())


def advance(
    connection: Connection, target: Target, folder: Folder, progress: Progress, now: datetime
) -> None:
    """Note that a folder is published further, unless another process knows more, or nobody anything.

    Args:
        connection: A transaction that writes.
        target: The destination.
        folder: The folder.
        progress: How far it is published.
        now: The real clock (UTC).
    """
    connection.execute(
        update(publications)
        .where(
            _of(publications, target),
            publications.c.folder == folder,
            publications.c.arrival < progress.arrival,
        )
        .values(arrival=progress.arrival, basis=progress.basis, published_at=now)
    )


def forget(connection: Connection, target: Target) -> None:
    """Remove all that is known of a destination, so that the next publication asks S3.

    Args:
        connection: A transaction that writes.
        target: The destination.
    """
    for folder in Folder:
        _forget(connection, target, folder)


def read_objects(connection: Connection, target: Target, names: Sequence[str]) -> dict[str, PublishedObject]:
    """What is known of replaceable objects, by their names; of some, nothing is.

    Args:
        connection: A transaction.
        target: The destination.
        names: Which.
    """
    columns = published_objects.c
    query = select(columns.object, columns.sha256, columns.etag, columns.arrival).where(
        _of(published_objects, target)
    )
    found: dict[str, PublishedObject] = {}
    for start in range(0, len(names), _NAMES_AT_ONCE):
        some = names[start : start + _NAMES_AT_ONCE]
        rows = connection.execute(query.where(columns.object.in_(some)))
        found.update((row.object, PublishedObject(*row)) for row in rows)
    return found


def write_objects(
    connection: Connection, target: Target, objects: Collection[PublishedObject], now: datetime
) -> None:
    """Note what S3 has confirmed of replaceable objects.

    Args:
        connection: A transaction that writes.
        target: The destination.
        objects: As they are there.
        now: The real clock (UTC).
    """
    if not objects:
        return
    statement = insert_or_ignore(connection, published_objects)
    columns = ("sha256", "etag", "arrival", "published_at")
    statement = statement.on_conflict_do_update(
        index_elements=["pipeline_id", "destination", "object"],
        set_={name: statement.excluded[name] for name in columns},
    )
    rows = [
        {
            "pipeline_id": target.pipeline_id,
            "destination": target.destination,
            "object": each.name,
            "sha256": each.sha256,
            "etag": each.etag,
            "arrival": each.arrival,
            "published_at": now,
        }
        for each in objects
    ]
    connection.execute(statement, rows)


def read_unpublished(connection: Connection, target: Target) -> list[tuple[Arrival, str | None]]:
    """The snapshots that S3 lacks, each with the reason; those that wait for their turn come first.

    Args:
        connection: A transaction.
        target: The destination.
    """
    lacks = unpublished_snapshots.c
    query = (
        select(arrivals, lacks.reason)
        .join_from(
            unpublished_snapshots,
            arrivals,
            and_(arrivals.c.pipeline_id == lacks.pipeline_id, arrivals.c.number == lacks.arrival),
        )
        .where(_of(unpublished_snapshots, target))
        .order_by(lacks.reason.is_not(None), lacks.arrival)
    )
    return [(to_arrival(row), row.reason) for row in connection.execute(query)]


def write_unpublished(connection: Connection, target: Target, reasons: Reasons) -> None:
    """Note snapshots that S3 lacks.

    Args:
        connection: A transaction that writes.
        target: The destination.
        reasons: Why, by the numbers of their arrivals.
    """
    if not reasons:
        return
    statement = insert_or_ignore(connection, unpublished_snapshots)
    statement = statement.on_conflict_do_update(
        index_elements=["pipeline_id", "destination", "arrival"],
        set_={"reason": statement.excluded.reason},
    )
    rows = [
        {
            "pipeline_id": target.pipeline_id,
            "destination": target.destination,
            "arrival": number,
            "reason": reason,
        }
        for number, reason in reasons.items()
    ]
    connection.execute(statement, rows)


def remove_unpublished(connection: Connection, target: Target, numbers: Collection[int]) -> None:
    """Note that S3 has snapshots that it lacked.

    Args:
        connection: A transaction that writes.
        target: The destination.
        numbers: Of their arrivals.
    """
    if not numbers:
        return
    statement = delete(unpublished_snapshots).where(
        _of(unpublished_snapshots, target), unpublished_snapshots.c.arrival == bindparam("number")
    )
    connection.execute(statement, [{"number": number} for number in numbers])


def _forget(connection: Connection, target: Target, folder: Folder) -> None:
    connection.execute(delete(publications).where(_of(publications, target), publications.c.folder == folder))
    objects = published_objects.c.object.startswith(f"{folder}/")
    connection.execute(delete(published_objects).where(_of(published_objects, target), objects))
    if folder is Folder.RAW:
        connection.execute(delete(unpublished_snapshots).where(_of(unpublished_snapshots, target)))


def _of(table: Table, target: Target) -> ColumnElement[bool]:
    return and_(table.c.pipeline_id == target.pipeline_id, table.c.destination == target.destination)

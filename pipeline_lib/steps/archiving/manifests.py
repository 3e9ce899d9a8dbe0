"""The archive's manifests, made from the order of arrival that the database keeps.

The bytes of a manifest follow from the rows of its arrivals and from the manifest before. A closed one is
written once, as a file; the open one is in the database alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.archive import manifest
from pipeline_lib.archive.manifest import SUFFIX, Link, Record
from pipeline_lib.common.durable_files import replace, write_once
from pipeline_lib.database import arrivals, manifests
from pipeline_lib.database.arrivals import ArchivedPart, Arrival
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.manifests import ClosedManifest
from pipeline_lib.database.pipelines import ensure_pipeline
from pipeline_lib.errors import ManifestConflictError

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class DayManifest:
    """A manifest as the database's rows make it.

    Attributes:
        content: Its bytes.
        closed: Its day, hash and last arrival; they are final once a later manifest follows.
    """

    content: bytes
    closed: ClosedManifest

    @property
    def day(self) -> date:
        """The day that names it."""
        return self.closed.day.date()


def record_of(archived: ArchivedPart) -> Record:
    """A manifest's line of a snapshot, as the database has recorded it."""
    return Record(archived.moment, archived.json_sha256, archived.csv_sha256, archived.part)


def manifest_path(folder: Path, day: date) -> Path:
    """The file of the manifest that is named by ``day``."""
    return folder / f"{day.isoformat()}{SUFFIX}"


def read_manifests(
    connection: "Connection", pipeline: str, after: ClosedManifest | None = None
) -> Iterator[DayManifest]:
    """The manifests of a pipeline, oldest first; the last one is open.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        after: The manifest before the first one, or None to begin at the beginning.
    """
    return manifests_of(
        arrivals.read(connection, pipeline, 0 if after is None else after.last_arrival), after
    )


def manifests_of(found: Iterable[Arrival], after: ClosedManifest | None = None) -> Iterator[DayManifest]:
    """The manifests that arrivals make, oldest first; the last one is open.

    Args:
        found: The arrivals in their order.
        after: The manifest before the first of them, or None for all arrivals.
    """
    link = None if after is None else Link(after.day.date(), after.sha256)
    for day, of_day in groupby(found, lambda arrival: arrival.manifest_day):
        listed = list(of_day)
        content = manifest.encode(link, [record_of(each.archived) for each in listed])
        closed = ClosedManifest(day, sha256(content).hexdigest(), listed[-1].number)
        yield DayManifest(content, closed)
        link = Link(day.date(), closed.sha256)


def open_manifest(connection: "Connection", pipeline: str) -> DayManifest | None:
    """The manifest that arrivals join now; None before the first arrival.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
    """
    found = list(read_manifests(connection, pipeline, manifests.find_newest(connection, pipeline)))
    return found[-1] if found else None


def write_closed_manifests(database: Database, pipeline: str, folder: Path) -> None:
    """Write the files of closed manifests that aren't known to be there.

    Args:
        database: Knows the arrivals.
        pipeline: Name of the pipeline.
        folder: Of its manifests.

    Raises:
        ManifestConflictError: A file is there with other content.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    with database.reading() as connection:
        newest = manifests.find_newest(connection, pipeline)
        closed = list(read_manifests(connection, pipeline, newest))[:-1]
    if closed:
        write_manifests(database, pipeline, folder, closed)


def write_manifests(database: Database, pipeline: str, folder: Path, closed: Sequence[DayManifest]) -> None:
    """Write the files of closed manifests, and note in the database that they are there.

    Args:
        database: Takes the note.
        pipeline: Name of the pipeline.
        folder: Of its manifests.
        closed: At least one.

    Raises:
        ManifestConflictError: A file is there with other content.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    for each in closed:
        _write(manifest_path(folder, each.day), each.content, pipeline)
    with database.writing() as connection:
        pipeline_id = ensure_pipeline(connection, pipeline)
        manifests.insert(connection, pipeline_id, [each.closed for each in closed])


def _write(path: Path, content: bytes, pipeline: str) -> None:
    # A replay finds thousands of them, and to look takes a fraction of the time of a try to write.
    if not path.exists() and write_once(path, content):
        return
    found = path.read_bytes()
    if found == content:
        return
    # Versions without a database wrote the open manifest arrival by arrival; it may end anywhere.
    if not content.startswith(found):
        raise ManifestConflictError(path, pipeline)
    replace(path, content)

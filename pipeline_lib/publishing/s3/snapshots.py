"""Snapshots of the archive on S3, where they never change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from pipeline_lib.archive.parts import complete_part, read_part
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.database.arrivals import ArchivedPart, Arrival
from pipeline_lib.errors import S3ConflictError, SnapshotDamagedError, SnapshotMissingError, StoreError
from pipeline_lib.publishing.s3.destination import CSV, JSON, Destination, at_once
from pipeline_lib.publishing.s3.object_keys import raw_snapshot_key
from pipeline_lib.specs.layout import Layout

Put = Callable[[str, bytes, str], object]
"""Writes an object that never changes: key, content, media type."""


@dataclass(slots=True)
class Attempts:
    """What became of each snapshot, by the number of its arrival; collected from many threads.

    Attributes:
        published: On S3.
        refused: Why it can't be published, which trying again won't change.
        left: Not tried, or not to the end.
        failure: What ended the attempts.
    """

    published: list[int] = field(default_factory=list)
    refused: dict[int, StoreError] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)
    failure: StoreError | OSError | None = None


def try_snapshots(
    layout: Layout, destination: Destination, snapshots: Sequence[Arrival], put_first: Put
) -> Attempts:
    """Put the files of snapshots on S3, several at a time, until S3 fails.

    Args:
        layout: Where the archive is.
        destination: The pipeline's objects.
        snapshots: Which.
        put_first: Writes the first object.
    """
    attempts = Attempts()

    def attempt(arrival: Arrival, put: Put) -> None:
        # What S3 doesn't take now, it won't take for the next one either.
        if attempts.failure:
            attempts.left.append(arrival.number)
            return
        try:
            put_snapshot(layout, destination, arrival.archived, put)
        except (SnapshotMissingError, SnapshotDamagedError, S3ConflictError) as error:
            attempts.refused[arrival.number] = error
        except (StoreError, OSError) as error:
            attempts.left.append(arrival.number)
            attempts.failure = error
        else:
            attempts.published.append(arrival.number)

    for arrival in snapshots[:1]:
        attempt(arrival, put_first)
    for _ in at_once(lambda arrival: attempt(arrival, destination.bucket.put_immutable), snapshots[1:]):
        pass
    return attempts


def put_snapshot(layout: Layout, destination: Destination, archived: ArchivedPart, put_json: Put) -> None:
    """Put both files of a snapshot on S3, once they are proved to be the ones that were archived.

    Args:
        layout: Where the archive is.
        destination: The pipeline's objects.
        archived: The snapshot.
        put_json: Writes its JSON; the CSV is written as any immutable object.

    Raises:
        SnapshotMissingError: A file is gone.
        SnapshotDamagedError: It isn't the one that was archived.
        S3ConflictError: S3 has another snapshot of the moment.
        S3UnavailableError: No usable answer from S3.
        S3RefusedError: S3 refused the request.
        OSError: The archive can't be read.
    """
    csv_path = layout.snapshot_csv(archived.moment, archived.part)
    json = _read(layout.snapshot_json(archived.moment, archived.part), archived.json_sha256)
    if not csv_path.exists():
        archive = FolderArchive(layout.archive)
        part = read_part(archive, archived.moment, archived.part)
        if part is not None:
            complete_part(archive, part)
    csv = _read(csv_path, archived.csv_sha256)
    json_key, csv_key = snapshot_keys(destination, archived)
    put_json(json_key, json, JSON)
    destination.bucket.put_immutable(csv_key, csv, CSV)


def snapshot_keys(destination: Destination, archived: ArchivedPart) -> tuple[str, str]:
    """The keys of a snapshot's JSON and CSV."""
    json_key, csv_key = (
        raw_snapshot_key(destination.prefix, archived.moment, suffix, archived.part)
        for suffix in (".json", ".csv")
    )
    return json_key, csv_key


def _read(path: Path, recorded_sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SnapshotMissingError(path) from error
    found = sha256(content).hexdigest()
    if found != recorded_sha256:
        raise SnapshotDamagedError(path, f"its sha256 is {found}, not {recorded_sha256} as archived")
    return content

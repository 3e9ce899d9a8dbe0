"""Proves that the archive holds what the database has recorded, and that the rows are what it says."""

import re
from collections.abc import Iterator
from hashlib import sha256

from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.parts import MOST_BYTES, PartKey
from pipeline_lib.archive.store import Archive
from pipeline_lib.common.timestamps import format_moment, part_key
from pipeline_lib.database.replays import ObservationKey, ReplayedPart, placed
from pipeline_lib.errors import SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.model.difference import Difference
from pipeline_lib.steps.replaying.snapshots import ArchiveReader
from pipeline_lib.steps.verifying.order import REPLAY
from pipeline_lib.steps.verifying.recorded import Recorded

_RESTORE = "restore it from a backup or from S3"
_RECORD = "run its moment again, or coin-pipelines replay, which records it"
_SNAPSHOT_NAME = re.compile(r"\d{8}T\d{6}Z(?:\.[1-9]\d*)?\.(?:json|csv)")


def check_archive(archive: Archive, recorded: Recorded) -> Iterator[Difference]:
    """Snapshots that are missing, changed or not recorded, and rows that aren't what the snapshots say.

    Args:
        archive: The pipeline's archive.
        recorded: What the database has recorded.
    """
    records = recorded.records
    reader = ArchiveReader(archive, lambda _done, _all: None)
    reader.read_recorded(records)
    for key in records:
        if error := reader.errors.get(key):
            yield _unreadable(error)
    yield from _check_csv(archive, records)
    yield from _check_observations(recorded, reader)


def check_unrecorded(archive: Archive, names: set[str], recorded: Recorded) -> Iterator[Difference]:
    """Files of snapshots that the database hasn't recorded.

    Args:
        archive: The pipeline's archive.
        names: What it holds, listed before the database was read.
        recorded: What the database has recorded.
    """
    known = {part_key(key.moment, key.number) for key in recorded.records}
    for name in sorted(filter(_SNAPSHOT_NAME.fullmatch, names)):
        if name.rpartition(".")[0] not in known:
            yield Difference(str(archive.location(name)), "the database hasn't recorded it", _RECORD)


def _unreadable(error: SnapshotMissingError | SnapshotDamagedError) -> Difference:
    is_missing = isinstance(error, SnapshotMissingError)
    reason = "it is missing" if is_missing else error.message.partition(" is damaged: ")[2]
    return Difference(str(error.path), reason, _RESTORE)


def _check_csv(archive: Archive, records: dict[PartKey, Record]) -> Iterator[Difference]:
    for key, record in records.items():
        name = f"{part_key(key.moment, key.number)}.csv"
        content = archive.read(name, MOST_BYTES)
        if content is None:
            # It follows from the JSON beside it.
            fix = f"run its moment again, or {_RESTORE}"
            yield Difference(str(archive.location(name)), "it is missing", fix)
        elif (found := sha256(content).hexdigest()) != record.csv_sha256:
            reason = f"its sha256 is {found}, not {record.csv_sha256} as archived"
            yield Difference(str(archive.location(name)), reason, _RESTORE)


def _check_observations(recorded: Recorded, reader: ArchiveReader) -> Iterator[Difference]:
    """Rows against what the sound snapshots hold; of damaged ones nothing can be said."""
    parts: list[ReplayedPart] = []
    unreadable: set[int] = set()
    for arrival in recorded.arrivals:
        part = reader.parts.get(PartKey(arrival.archived.moment, arrival.archived.part))
        if part is None:
            unreadable.add(arrival.number)
        elif part.archived.requested_at != arrival.archived.requested_at:
            place = f"{recorded.database}: arrival {arrival.number}"
            yield Difference(place, "the time of its request isn't the snapshot's", REPLAY)
        parts.append(part or ReplayedPart(arrival.archived, ()))
    wanted = placed(parts)
    for key, observation in recorded.observations.items():
        if observation.arrival in unreadable:
            continue
        if key not in wanted:
            yield Difference(_place(recorded, key), "no snapshot holds it", REPLAY)
        elif observation != wanted[key]:
            yield Difference(_place(recorded, key), "it isn't what its snapshot holds", REPLAY)
    for key in wanted:
        if key not in recorded.observations:
            yield Difference(_place(recorded, key), "the row of a snapshot's observation is missing", REPLAY)


def _place(recorded: Recorded, key: ObservationKey) -> str:
    coin, vs_currency, moment = key
    return f"{recorded.database}: observation of {coin} in {vs_currency} at {format_moment(moment)}"

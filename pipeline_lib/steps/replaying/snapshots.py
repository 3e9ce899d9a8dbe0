"""The snapshots of an archive, each proved, as the database records them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.part import Head, Part
from pipeline_lib.archive.parts import PartKey, complete_part, read_part, read_recorded, record_of
from pipeline_lib.archive.store import Archive
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.replays import ReplayedPart
from pipeline_lib.errors import SnapshotDamagedError, SnapshotMissingError

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many snapshots are read, of how many."""

SnapshotError: TypeAlias = SnapshotMissingError | SnapshotDamagedError


@dataclass(slots=True)
class ArchiveReader:
    """Reads snapshots, each once.

    Attributes:
        archive: The pipeline's archive.
        progress: Called for every snapshot.
        parts: What was read, by key.
        errors: What can't be read, by key.
    """

    archive: Archive
    progress: Progress
    parts: dict[PartKey, ReplayedPart] = field(default_factory=dict)
    errors: dict[PartKey, SnapshotError] = field(default_factory=dict)

    def read_recorded(self, records: Mapping[PartKey, Record]) -> None:
        """Read snapshots that are proved by their recorded hashes.

        Raises:
            OSError: One can't be read.
        """
        self._read(records, lambda key: _read_recorded(self.archive, records[key]))

    def read_others(self, keys: Collection[PartKey]) -> Mapping[PartKey, ReplayedPart]:
        """Read snapshots whose hashes nobody recorded, each proved by itself and given its CSV.

        Returns:
            Those of them that can be read.

        Raises:
            OSError: One can't be read, or the disk is full.
        """
        self._read(keys, lambda key: _read_other(self.archive, key))
        return {key: self.parts[key] for key in keys if key in self.parts}

    def _read(self, keys: Collection[PartKey], read: Callable[[PartKey], ReplayedPart]) -> None:
        known = len(self.parts) + len(self.errors)
        new = [key for key in keys if key not in self.parts and key not in self.errors]
        for number, key in enumerate(new, start=1):
            try:
                self.parts[key] = read(key)
            except (SnapshotMissingError, SnapshotDamagedError) as error:
                self.errors[key] = error
            self.progress(known + number, known + len(new))


def key_of(record: Record) -> PartKey:
    """Which snapshot a record is of."""
    return PartKey(record.moment, record.part)


def _read_recorded(archive: Archive, record: Record) -> ReplayedPart:
    head = read_recorded(archive, record)
    return ReplayedPart(
        _archived(record, head),
        head.observations,
    )


def _read_other(archive: Archive, key: PartKey) -> ReplayedPart:
    part = read_part(archive, key.moment, key.number)
    if part is None:
        raise SnapshotMissingError(archive.location(f"part {key.number} of {key.moment}"))
    complete_part(archive, part)
    record = record_of(archive, key.moment, key.number)
    return ReplayedPart(
        _archived(record, part),
        [each.observation for each in part.snapshots],
    )


def _archived(record: Record, found: Head | Part) -> ArchivedPart:
    return ArchivedPart(
        record.moment,
        record.part,
        record.json_sha256,
        record.csv_sha256,
        found.requested_at,
        missing=found.missing,
    )

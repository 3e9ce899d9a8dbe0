"""The snapshots of an archive, each proved, as the database records them."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

from pipeline_lib.archive.snapshots import archived_moments, complete_snapshot, read_snapshot
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.common.timestamps import format_key, parse_moment
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.replays import ReplayedPart
from pipeline_lib.errors import SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.record import hash_snapshot
from pipeline_lib.steps.replaying.order import PartKey
from pipeline_lib.store.log.raw_rows import from_fields

_ANSWER_STARTS = b'\n "answer": '

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many snapshots are read, of how many."""

SnapshotError: TypeAlias = SnapshotMissingError | SnapshotDamagedError


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A snapshot whose hashes are recorded.

    Attributes:
        key: Which one.
        hashes: Those of its JSON file and its CSV file.
    """

    key: PartKey
    hashes: tuple[str, str]


@dataclass(slots=True)
class ArchiveReader:
    """Reads snapshots, each once.

    Attributes:
        layout: The pipeline's files.
        progress: Called for every snapshot.
        parts: What was read, by key.
        errors: What can't be read, by key.
    """

    layout: Layout
    progress: Progress
    parts: dict[PartKey, ReplayedPart] = field(default_factory=dict)
    errors: dict[PartKey, SnapshotError] = field(default_factory=dict)

    def read_listed(self, listed: Iterable[ListedPart]) -> None:
        """Read snapshots that are proved by their recorded hashes.

        Raises:
            OSError: A file can't be read.
        """
        new = {each.key: each for each in listed}
        with collecting_no_garbage():
            self._read(new, lambda key: _read_listed(self.layout, new[key]))

    def read_others(self, keys: Collection[PartKey]) -> Mapping[PartKey, ReplayedPart]:
        """Read snapshots whose hashes nobody recorded, each proved by itself and given its CSV.

        Returns:
            Those of them that can be read.

        Raises:
            OSError: A file can't be read, or the disk is full.
        """
        self._read(keys, lambda key: _read_other(self.layout, key))
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


def archived_keys(layout: Layout) -> list[PartKey]:
    """All snapshots that the archive holds a JSON file of, oldest first; lists the whole archive.

    Raises:
        OSError: It can't be listed.
    """
    return [PartKey(moment, 1) for moment in archived_moments(layout)]


def _read_listed(layout: Layout, listed: ListedPart) -> ReplayedPart:
    moment = listed.key.moment
    try:
        # A replay does this by the hundred thousand, and a Path takes longer to make than the file to read.
        with open(f"{layout.archive}/{format_key(moment)}.json", "rb", buffering=0) as file:  # noqa: PTH123
            content = file.read()
    except FileNotFoundError as error:
        raise SnapshotMissingError(layout.snapshot_json(moment)) from error
    found = sha256(content).hexdigest()
    if found != listed.hashes[0]:
        reason = f"its sha256 is {found}, not {listed.hashes[0]} as archived"
        raise SnapshotDamagedError(layout.snapshot_json(moment), reason)
    fields = json.loads(content.partition(_ANSWER_STARTS)[0].removesuffix(b",") + b"}")
    requested_at = parse_moment(fields["source"]["requested_at"])
    archived = ArchivedPart(moment, listed.key.part, *listed.hashes, requested_at=requested_at)
    return ReplayedPart(archived, (from_fields(fields["observation"]),))


def _read_other(layout: Layout, key: PartKey) -> ReplayedPart:
    snapshot = read_snapshot(layout, key.moment)
    complete_snapshot(layout, snapshot.observation)
    hashes = hash_snapshot(layout, key.moment)
    requested_at = snapshot.provenance.requested_at
    archived = ArchivedPart(key.moment, key.part, hashes.json_sha256, hashes.csv_sha256, requested_at)
    return ReplayedPart(archived, (snapshot.observation,))

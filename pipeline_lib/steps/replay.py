"""Replay: raw log and processed table rebuilt from the archive."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.archive import manifest_chain as manifests
from pipeline_lib.archive.manifest import Manifest, Record
from pipeline_lib.archive.snapshots import archived_moments, complete_snapshot, read_row, read_snapshot
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.errors import UnarchivedRowsError
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.record import hash_snapshot
from pipeline_lib.steps.statistics_files import rebuild_processed_table
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import log_index, raw_log
from pipeline_lib.store.log.log_index import LogIndex
from pipeline_lib.store.log.open_log import HEADER_BYTES

if TYPE_CHECKING:
    from pipeline_lib.specs import Window

Progress = Callable[[int, int], None]
"""Called with how many snapshots are read, of how many."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did.

    Attributes:
        rows: The rows of both files.
        recorded: Snapshots that no manifest had listed, and one does now.
        dropped: Lines of the old log whose moments the archive doesn't hold.
        log_changed: Whether the log was another before.
        table_changed: Whether the table was another before.
    """

    rows: int
    recorded: int
    dropped: int
    log_changed: bool
    table_changed: bool


def replay(
    layout: Layout, windows: "Sequence[Window]", progress: Progress, *, drop_unarchived: bool
) -> Replayed:
    """Rebuild log and table, in the order in which the snapshots came, and put them in place.

    Most of the archive is read before the log is locked. Both files are written beside the old ones and
    then renamed: a replay that is killed leaves the old ones, and can be repeated. Snapshots that no
    manifest lists, such as those of an archive without manifests, are recorded by time behind all others.

    Args:
        layout: The pipeline's files.
        windows: Its rolling windows.
        progress: Called for every snapshot.
        drop_unarchived: Whether rows of the old log that the archive doesn't hold may be lost.

    Raises:
        ManifestDamagedError: The manifests don't fit together.
        SnapshotMissingError: A snapshot that a manifest lists is gone.
        SnapshotDamagedError: A snapshot isn't the one that was archived.
        UnarchivedRowsError: The old log holds rows that the archive doesn't, and they must not be lost.
        StoreBusyError: Another process holds log or table for too long.
        OSError: The disk is full or read-only. The files are then as they were before.
    """
    rows = _Rows(layout, progress)
    with collecting_no_garbage():
        rows.read_new()
    with exclusive(layout.raw_log):
        # What came in the meantime, and what no manifest lists.
        rows.read_new()
        recorded = _record_others(layout, rows.by_moment)
        rows.read_new()
        old = raw_log.read_bytes(layout.raw_log)
        unarchived = tuple(_unarchived_lines(old, rows.by_moment))
        if unarchived and not drop_unarchived:
            raise UnarchivedRowsError(
                layout.raw_log, unarchived, hint="copy them elsewhere, then use --drop-unarchived"
            )
        content = b"".join([HEADER_BYTES, *rows.by_moment.values()]) if rows.by_moment else b""
        log_changed = content != old
        if log_changed:
            _swap_log(layout.raw_log, content)
        table = rebuild_processed_table(layout, windows)
    return Replayed(len(rows.by_moment), recorded, len(unarchived), log_changed, table.changed)


class _Rows:
    """The log's rows, in the order of arrival."""

    def __init__(self, layout: Layout, progress: Progress) -> None:
        self.by_moment: dict[datetime, bytes] = {}
        self._layout = layout
        self._progress = progress
        self._seen: dict[Path, Manifest] = {}

    def read_new(self) -> None:
        """Read every snapshot that the manifests list and that wasn't read yet."""
        records = [record for record in self._new_records() if record.moment not in self.by_moment]
        total = len(self.by_moment) + len(records)
        for record in records:
            self.by_moment[record.moment] = read_row(self._layout, record)
            self._progress(len(self.by_moment), total)

    def _new_records(self) -> list[Record]:
        found: list[Manifest] = []
        for path, manifest in manifests.walk_back(self._layout.manifests):
            if self._seen.get(path) == manifest:
                # Nothing before it can have changed: it holds the hash of that.
                break
            self._seen[path] = manifest
            found.append(manifest)
        return [record for manifest in reversed(found) for record in manifest.records]


def _record_others(layout: Layout, known: Collection[datetime]) -> int:
    """Enter every snapshot that no manifest lists, once it is proved to be one; how many these were."""
    others = [moment for moment in archived_moments(layout) if moment not in known]
    snapshots = [read_snapshot(layout, moment) for moment in others]
    for snapshot in snapshots:
        complete_snapshot(layout, snapshot.observation)
        manifests.add(layout.manifests, hash_snapshot(layout, snapshot.observation.moment))
    return len(others)


def _unarchived_lines(log: bytes, archived: dict[datetime, bytes]) -> Iterator[int]:
    """The numbers of the lines behind the header whose moments aren't archived, or can't be read."""
    for number, line in enumerate(log.splitlines()[1:], start=2):
        try:
            is_archived = parse_moment(line.partition(b",")[0].decode()) in archived
        except ValueError:
            is_archived = False
        if not is_archived:
            yield number


def _swap_log(path: Path, content: bytes) -> None:
    # Of two logs the index can be of one; none is better than the wrong one, should this be killed.
    log_index.remove(path)
    replace(path, content)
    rows = content[len(HEADER_BYTES) :].splitlines(keepends=True)
    log_index.write(path, LogIndex.of_rows(rows, len(HEADER_BYTES)))

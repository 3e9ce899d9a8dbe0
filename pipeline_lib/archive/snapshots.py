"""The archive for callers that know one coin a pipeline; each goes once its subject is in the database."""

from datetime import datetime

from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.part import Part
from pipeline_lib.archive.parts import archived_parts, complete_part, read_part, read_recorded
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.errors import SnapshotMissingError
from pipeline_lib.model.observation import Archived
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.log.raw_rows import encode_row


def read_snapshot(layout: Layout, moment: datetime) -> Archived:
    """The first archived observation of ``moment``.

    Raises:
        SnapshotMissingError: There is none.
        SnapshotDamagedError: A file is there, but isn't a snapshot of that moment.
    """
    return _read(layout, moment).snapshots[0]


def complete_snapshot(layout: Layout, moment: datetime) -> None:
    """Write the CSV beside an archived JSON unless it is there.

    Raises:
        SnapshotMissingError: There is no JSON.
        SnapshotDamagedError: A file is there, but isn't a snapshot of that moment.
        OSError: The disk is full or read-only.
    """
    complete_part(FolderArchive(layout.archive), _read(layout, moment))


def read_row(layout: Layout, record: Record) -> bytes:
    """The raw log's row of a snapshot, which is proved by its hash in the manifest and not read further.

    Raises:
        SnapshotMissingError: The file is gone.
        SnapshotDamagedError: It isn't the one that was archived.
    """
    head = read_recorded(FolderArchive(layout.archive), record)
    return "".join(map(encode_row, head.observations)).encode()


def archived_moments(layout: Layout) -> list[datetime]:
    """The moments that the archive's folder holds a JSON file of, oldest first; lists the whole folder."""
    return [key.moment for key in archived_parts(FolderArchive(layout.archive)) if key.number == 1]


def _read(layout: Layout, moment: datetime) -> Part:
    part = read_part(FolderArchive(layout.archive), moment, 1)
    if part is None:
        raise SnapshotMissingError(layout.snapshot_json(moment))
    return part

"""How much of the raw log a processed table holds: a hidden file beside the table.

It is believed only while the table is the file that it was written for and the log still holds, before the
noted place, what it held. Otherwise the table is made again from the whole log, which gives the same bytes.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline_lib.store.files.durable_files import replace

_COMPARED_BYTES = 4096


@dataclass(frozen=True, slots=True)
class TableProgress:
    """What was true when the table was last written.

    Attributes:
        method: The way in which its rows were computed.
        rows: How many rows it has.
        table_bytes: Its length.
        table_time: When it was last changed, in nanoseconds, by the file system.
        log_bytes: The length of the log whose rows it holds.
        log_end_sha256: The hash of the last of those bytes.
    """

    method: int
    rows: int
    table_bytes: int
    table_time: int
    log_bytes: int
    log_end_sha256: str

    @classmethod
    def note(cls, table: Path, log: Path, *, method: int, rows: int, log_bytes: int) -> "TableProgress":
        """The progress of a table that was just written."""
        status = table.stat()
        return cls(method, rows, status.st_size, status.st_mtime_ns, log_bytes, _hash_of_end(log, log_bytes))

    def holds_of(self, table: Path, log: Path, method: int) -> bool:
        """Whether table and log are still those that this was noted of."""
        try:
            status = table.stat()
            log_end = _hash_of_end(log, self.log_bytes)
        except FileNotFoundError:
            return False
        return self == TableProgress(
            method, self.rows, status.st_size, status.st_mtime_ns, self.log_bytes, log_end
        )


def read(table: Path) -> TableProgress | None:
    """The note beside a table; None when there is none, or it is unreadable."""
    try:
        return TableProgress(**json.loads(_path(table).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write(table: Path, progress: TableProgress) -> None:
    """Replace the note beside a table.

    Raises:
        OSError: The disk is full or read-only.
    """
    replace(_path(table), json.dumps(asdict(progress)).encode() + b"\n")


def _path(table: Path) -> Path:
    return table.with_name(f".{table.name}.progress")


def _hash_of_end(log: Path, length: int) -> str:
    descriptor = os.open(log, os.O_RDONLY)
    try:
        start = max(0, length - _COMPARED_BYTES)
        content = os.pread(descriptor, length - start, start)
    finally:
        os.close(descriptor)
    return hashlib.sha256(content).hexdigest()

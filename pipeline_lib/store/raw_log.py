"""The raw log: one row an observation, in the order of arrival, only ever appended to."""

import mmap
import os
from datetime import datetime
from pathlib import Path

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.observation import Observation
from pipeline_lib.store.durable_files import sync_folder, write_all
from pipeline_lib.store.locking import exclusive
from pipeline_lib.store.raw_rows import HEADER, decode_row, encode_row
from pipeline_lib.timestamps import format_moment

_HEADER = HEADER.encode()
_MODE = 0o644
_REBUILD = "the log can be made again from the archive"


def append(path: Path, observation: Observation) -> bool:
    """Add the row of ``observation`` unless a row of its moment is there.

    A row that an earlier process left half-written at the end is cut off first: its run was killed before
    it could report success, so its retry writes it again.

    Returns:
        Whether a row was added.

    Raises:
        TableDamagedError: The file starts with another header.
        StoreBusyError: Another process holds the log for too long.
        OSError: The disk is full or read-only. The log is then as it was before.
    """
    with exclusive(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _MODE)
        try:
            end = _mend_end(path, descriptor)
            if end and _holds_row_of(descriptor, observation):
                return False
            _append_bytes(descriptor, end, (b"" if end else _HEADER) + encode_row(observation).encode())
        finally:
            os.close(descriptor)
        if not end:
            # The name may be new: made just now, or by a process that was killed before it could do this.
            sync_folder(path.parent)
        return True


def read(path: Path) -> list[Observation]:
    """All rows, in the order of arrival; none when there is no log yet.

    A last line without its end is left out: it is being written, or its writer was killed.

    Raises:
        TableDamagedError: A line is not a row.
    """
    observations = []
    for number, line in enumerate(read_bytes(path).decode(errors="replace").splitlines(), start=1):
        if number == 1:
            _check_header(path, line.encode() + b"\n")
            continue
        try:
            observations.append(decode_row(line))
        except ValueError as error:
            raise TableDamagedError(path, number, str(error), hint=_REBUILD) from error
    return observations


def read_bytes(path: Path) -> bytes:
    """The log's complete lines; empty when there is no log yet."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    return content[: content.rfind(b"\n") + 1]


def _mend_end(path: Path, descriptor: int) -> int:
    """Cut off a half-written row; the log's length after that, 0 when not even the header is whole."""
    start = os.pread(descriptor, len(_HEADER), 0)
    if _HEADER.startswith(start) and start != _HEADER:
        os.ftruncate(descriptor, 0)
        return 0
    _check_header(path, start)
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        # As long as it may be: a power cut can leave blocks of zeros in the place of the last rows.
        size, last_line_start = len(content), content.rfind(b"\n") + 1
        last_line = content[last_line_start:]
    if not last_line:
        return size
    if _is_row(last_line):
        # An editor that drops the last line end leaves a whole row; a torn one lacks its last column.
        os.pwrite(descriptor, b"\n", size)
        return size + 1
    os.ftruncate(descriptor, last_line_start)
    return last_line_start


def _check_header(path: Path, line: bytes) -> None:
    if line != _HEADER:
        raise TableDamagedError(path, 1, f"the header is not {HEADER.strip()}", hint=_REBUILD)


def _is_row(line: bytes) -> bool:
    try:
        decode_row(line.decode())
    except ValueError:
        return False
    return True


def _holds_row_of(descriptor: int, observation: Observation) -> bool:
    key = f"\n{format_moment(observation.moment)},".encode()
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        # The row asked for is nearly always among the last ones.
        return content.rfind(key) >= 0


def _append_bytes(descriptor: int, end: int, content: bytes) -> None:
    try:
        os.lseek(descriptor, end, os.SEEK_SET)
        write_all(descriptor, content)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def read_since(path: Path, moment: datetime) -> list[Observation]:
    """The rows at or after ``moment``, by time.

    A stand-in that reads the whole log.

    Raises:
        TableDamagedError: A line is not a row.
    """
    rows = (observation for observation in read(path) if observation.moment >= moment)
    return sorted(rows, key=lambda observation: observation.moment)

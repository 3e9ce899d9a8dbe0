"""The raw log: one row an observation, in the order of arrival, only ever appended to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import log_index
from pipeline_lib.store.log.open_log import HEADER_BYTES, REBUILD, OpenLog, check_header
from pipeline_lib.store.log.raw_rows import decode_row

_MODE = 0o644
_DAY = timedelta(days=1)


@contextmanager
def opened(path: Path) -> Iterator[OpenLog]:
    """The log under its lock, made when there is none, with its end mended.

    A row that an earlier process left half-written at the end is cut off first: its run was killed before
    it could report success, so its retry writes it again.

    Raises:
        TableDamagedError: The file starts with another header.
        StoreBusyError: Another process holds the log for too long.
        OSError: The disk is read-only.
    """
    with exclusive(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _MODE)
        try:
            yield OpenLog.repaired(path, descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> list[Observation]:
    """All rows, in the order of arrival; none when there is no log yet.

    A last line without its end is left out: it is being written, or its writer was killed.

    Raises:
        TableDamagedError: A line is not a row.
    """
    return read_from(path, 0)[0]


def read_from(path: Path, start: int) -> tuple[list[Observation], int]:
    """The rows that begin at byte ``start`` or after it, in the order of arrival, and the byte after them.

    Args:
        path: The log.
        start: 0, or where an earlier call said that the rows ended.

    Raises:
        TableDamagedError: A line is not a row.
    """
    try:
        with path.open("rb") as file:
            _check_first_line(path, file.readline())
            file.seek(max(start, len(HEADER_BYTES)))
            content = file.read()
    except FileNotFoundError:
        return [], 0
    content = content[: content.rfind(b"\n") + 1]
    start = max(start, len(HEADER_BYTES))
    return _decode(path, content, start), start + len(content)


def read_since(path: Path, moment: datetime) -> list[Observation]:
    """All rows of ``moment`` or later, by time, wherever they stand; none when there is no log yet.

    Of a log of years this reads the days asked for, and what came late since they began. Without a usable
    index, as beside a log that was restored from elsewhere, it reads all.

    Raises:
        TableDamagedError: One of the lines read is not a row.
    """
    rows, _ = read_from(path, _start_of_day(path, log_index.day_of(format_moment(moment).encode())))
    return sorted((row for row in rows if row.moment >= moment), key=lambda row: row.moment)


def newest_before(path: Path, moment: datetime, within: timedelta) -> Observation | None:
    """The latest observation before ``moment`` and no more than ``within`` before it; None without one.

    Raises:
        TableDamagedError: One of the lines read is not a row.
    """
    # It is nearly always among those of the last day.
    for span in (min(_DAY, within), within):
        rows = [row for row in read_since(path, moment - span) if row.moment < moment]
        if rows:
            return rows[-1]
    return None


def read_bytes(path: Path) -> bytes:
    """The log's complete lines; empty when there is no log yet."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    return content[: content.rfind(b"\n") + 1]


def _start_of_day(path: Path, day: bytes) -> int:
    """A byte in front of which no row of ``day`` or later begins."""
    entry = log_index.read(path).find_start(day)
    if entry is None:
        return 0
    try:
        with path.open("rb") as file:
            return entry[1] if log_index.begins_day(file.fileno(), *entry) else 0
    except FileNotFoundError:
        return 0


def _check_first_line(path: Path, line: bytes) -> None:
    # A header without its end is being written, or its writer was killed.
    if line.endswith(b"\n"):
        check_header(path, line)


def _decode(path: Path, content: bytes, start: int) -> list[Observation]:
    observations = []
    for place, line in enumerate(content.decode(errors="replace").splitlines()):
        try:
            observations.append(decode_row(line))
        except ValueError as error:
            with path.open("rb") as file:
                number = file.read(start).count(b"\n") + place + 1
            raise TableDamagedError(path, number, str(error), hint=REBUILD) from error
    return observations

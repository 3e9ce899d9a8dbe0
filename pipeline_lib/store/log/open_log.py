"""A raw log in the hands of the one process that holds its lock."""

import mmap
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.files.durable_files import sync_folder, write_at
from pipeline_lib.store.log import log_index
from pipeline_lib.store.log.log_index import LogIndex, begins_day, day_of
from pipeline_lib.store.log.raw_rows import COLUMNS, HEADER, decode_row, encode_row

HEADER_BYTES = HEADER.encode()
REBUILD = "coin-pipelines replay makes the log again from the archive"

_LONGEST_HEADER = 4096


@dataclass(slots=True)
class OpenLog:
    """The log of one pipeline, locked, with nothing half-written at its end.

    Attributes:
        path: The file.
        descriptor: The file, open for reading and writing.
        end: Its length; 0 when not even the header is there.
    """

    path: Path
    descriptor: int
    end: int

    @classmethod
    def repaired(cls, path: Path, descriptor: int) -> "OpenLog":
        """The log behind ``descriptor``, once what a killed process left half-written is cut off.

        Raises:
            TableDamagedError: The file starts with another header.
        """
        return cls(path, descriptor, _repair_end(path, descriptor))

    def last_moment(self) -> datetime | None:
        """The moment of the row that came last, or None when there is no row.

        Raises:
            TableDamagedError: The last line is not a row.
        """
        if self.end <= len(HEADER_BYTES):
            return None
        with mmap.mmap(self.descriptor, self.end, access=mmap.ACCESS_READ) as content:
            line = content[content.rfind(b"\n", 0, self.end - 1) + 1 :]
        try:
            return decode_row(line.decode()).moment
        except ValueError as error:
            raise self.damaged(str(error)) from error

    def holds(self, moment: datetime) -> bool:
        """Whether a row of ``moment`` is there.

        Looks at what came since the moment's day began, so at little unless the moment is of long ago.
        """
        if not self.end:
            return False
        text = format_moment(moment).encode()
        entry = self._believable(log_index.read(self.path)).find_start(day_of(text))
        start = entry[1] if entry and begins_day(self.descriptor, *entry) else len(HEADER_BYTES)
        with mmap.mmap(self.descriptor, self.end, access=mmap.ACCESS_READ) as content:
            return content.find(b"\n" + text + b",", start - 1) >= 0

    def append(self, observation: Observation) -> None:
        """Add a row, of whose moment there is none.

        Raises:
            OSError: The disk is full or read-only. The log is then as it was before.
        """
        row = encode_row(observation).encode()
        content = row if self.end else HEADER_BYTES + row
        self._note_day(day_of(row), self.end or len(HEADER_BYTES))
        write_at(self.descriptor, self.end, content)
        if not self.end:
            # The name may be new: made just now, or by a process that was killed before it could do this.
            sync_folder(self.path.parent)
        self.end += len(content)

    def damaged(self, reason: str) -> TableDamagedError:
        """The error of a log whose last line can't be."""
        lines = os.pread(self.descriptor, self.end, 0).count(b"\n")
        return TableDamagedError(self.path, max(1, lines), reason, hint=REBUILD)

    def _note_day(self, day: bytes, start: int) -> None:
        known = log_index.read(self.path)
        index = self._believable(known)
        if not index.days and self.end > len(HEADER_BYTES):
            with mmap.mmap(self.descriptor, self.end, access=mmap.ACCESS_READ) as content:
                rows = content[len(HEADER_BYTES) :].splitlines(keepends=True)
            index = LogIndex.of_rows(rows, len(HEADER_BYTES))
        if index != known:
            log_index.write(self.path, index)
        if not index.days:
            # Not an appended line: what a killed process left there may end in the middle of one.
            log_index.write(self.path, LogIndex((day,), (start,)))
        elif day > index.days[-1]:
            log_index.add(self.path, day, start)

    def _believable(self, index: LogIndex) -> LogIndex:
        """The index, or an empty one when no row stands where its last entry says."""
        if index.days and begins_day(self.descriptor, index.days[-1], index.starts[-1]):
            return index
        return LogIndex((), ())


def check_header(path: Path, line: bytes) -> None:
    """Refuse a log that doesn't start with today's header.

    Args:
        path: The log.
        line: Its first line, with its end.

    Raises:
        TableDamagedError: It starts with another header; the text says what is known of it.
    """
    if line == HEADER_BYTES:
        return
    columns = tuple(line.decode(errors="replace").rstrip("\r\n").split(","))
    hint, reason = REBUILD, f"the header is not {HEADER.strip()}"
    if columns == COLUMNS:
        reason = "its lines end in CRLF, as an editor may leave them, instead of LF"
    elif columns == COLUMNS[: len(columns)]:
        lacking = ", ".join(COLUMNS[len(columns) :])
        reason = f"an older version wrote it: it lacks {lacking}"
    elif columns[: len(COLUMNS)] == COLUMNS:
        further = ", ".join(columns[len(COLUMNS) :])
        reason, hint = f"a newer version wrote it: it also has {further}", "upgrade coin-pipelines"
    raise TableDamagedError(path, 1, reason, hint=hint)


def _repair_end(path: Path, descriptor: int) -> int:
    """Cut off a half-written row; the log's length after that, 0 when not even the header is whole."""
    start = os.pread(descriptor, _LONGEST_HEADER, 0)
    if HEADER_BYTES.startswith(start) and start != HEADER_BYTES:
        os.ftruncate(descriptor, 0)
        return 0
    check_header(path, start[: start.find(b"\n") + 1] or start)
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


def _is_row(line: bytes) -> bool:
    try:
        decode_row(line.decode())
    except ValueError:
        return False
    return True

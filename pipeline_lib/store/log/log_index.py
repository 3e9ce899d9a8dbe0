"""Where the days of a raw log begin, so that neither an append nor a look at the last hours reads all of it.

A hidden file beside the log, with a line for each day that was the newest one when its first row came:
``2018-02-05 12345``: every row of that day, or of a later one, begins at byte 12345 or after it, however late
rows of other days came. An entry is on disk before its row is. The log doesn't need the index: an entry that
no row of its day stands at is not believed, and then the whole log is read.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.store.files.durable_files import replace, sync_folder, write_all

_ENTRY = re.compile(rb"(\d{4}-\d\d-\d\d) (\d{1,18})\n")
_DAY_LENGTH = len("2018-02-05")
_LONGEST_ROW = 2048
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class LogIndex:
    """The days of one log, oldest first, and the byte at which each begins."""

    days: tuple[bytes, ...]
    starts: tuple[int, ...]

    @classmethod
    def of_rows(cls, rows: Iterable[bytes], start: int) -> "LogIndex":
        """The index of a log with these lines, the first of which begins at byte ``start``."""
        days: list[bytes] = []
        starts: list[int] = []
        for row in rows:
            day = row[:_DAY_LENGTH]
            if not days or day > days[-1]:
                days.append(day)
                starts.append(start)
            start += len(row)
        return cls(tuple(days), tuple(starts))

    def find_start(self, day: bytes) -> tuple[bytes, int] | None:
        """The last entry that is no later than ``day``; None when all are, or there is none."""
        place = bisect_right(self.days, day) - 1
        return (self.days[place], self.starts[place]) if place >= 0 else None


def day_of(row: bytes) -> bytes:
    """``2018-02-05``, as a row or a moment's text begins."""
    return row[:_DAY_LENGTH]


def begins_day(descriptor: int, day: bytes, start: int) -> bool:
    """Whether an entry can be of this log: a row of ``day`` stands there, an earlier day's in front of it.

    Rows are often of one length, so a log from which somebody took a line has rows where the index says.
    """
    block_start = max(0, start - _LONGEST_ROW)
    block = os.pread(descriptor, start - block_start + len(day), block_start)
    before, row = block[: start - block_start], block[start - block_start :]
    if row != day or not before.endswith(b"\n"):
        return False
    previous = before[before.rfind(b"\n", 0, -1) + 1 :]
    is_header = block_start == 0 and len(previous) == len(before)
    return is_header or day_of(previous) < day


def index_path(log: Path) -> Path:
    """The index of the log at ``log``."""
    return log.with_name(f".{log.name}.days")


def read(log: Path) -> LogIndex:
    """The index as it is on disk; an empty one when there is none, or it can't be read."""
    try:
        content = index_path(log).read_bytes()
    except FileNotFoundError:
        return LogIndex((), ())
    entries = [(found[1], int(found[2])) for found in _entries(content)]
    days = tuple(day for day, _ in entries)
    return LogIndex(days, tuple(start for _, start in entries))


def add(log: Path, day: bytes, start: int) -> None:
    """Note on disk that the rows of a new newest day begin at byte ``start``.

    Raises:
        OSError: The disk is full or read-only.
    """
    path = index_path(log)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _MODE)
    try:
        write_all(descriptor, b"%s %d\n" % (day, start))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(path.parent)


def write(log: Path, index: LogIndex) -> None:
    """Replace the index.

    Raises:
        OSError: The disk is full or read-only.
    """
    entries = zip(index.days, index.starts, strict=True)
    replace(index_path(log), b"".join(b"%s %d\n" % entry for entry in entries))


def remove(log: Path) -> None:
    """Take the index away, as before the log is replaced."""
    index_path(log).unlink(missing_ok=True)


def _entries(content: bytes) -> Iterator[re.Match[bytes]]:
    """The entries; none at all when a line is none, as after a write that was cut short."""
    found = list(_ENTRY.finditer(content))
    return iter(found) if sum(len(entry[0]) for entry in found) == len(content) else iter(())

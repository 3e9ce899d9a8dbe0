"""A table's file: made, appended to, or refused when it isn't what was written.

A file is ours when the note beside it says what it is, or when it holds nothing but what the database gives.
Its bytes are then those of a file made anew, whatever way led there.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from pipeline_lib.common.counting import counted
from pipeline_lib.common.durable_files import replace, write_at
from pipeline_lib.common.locking import exclusive
from pipeline_lib.common.waiting import Wait, sleep
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.errors import ForeignFileError
from pipeline_lib.publishing.csv import progress
from pipeline_lib.publishing.csv.cells import first_cell
from pipeline_lib.publishing.csv.diagnosis import find_difference
from pipeline_lib.publishing.csv.progress import Progress, Written
from pipeline_lib.publishing.csv.table import Rows, Table

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that holds all of its table.

    Attributes:
        rows: Its lines without the header; 0 when there is nothing to make a file of.
        changed: Whether it wasn't so before.
    """

    rows: int
    changed: bool


def append(path: Path, table: Table, database: Database, wait: Wait = sleep) -> Exported:
    """Bring a file up to its table.

    New lines at its end are appended, at a cost that doesn't grow with the file. A line of an earlier moment
    has the file replaced from its place on. A missing file is made, what a killed process left half-written
    is completed, and a file of ours whose columns changed is made anew.

    Args:
        path: The file.
        table: What it is made from.
        database: Where the table's rows are.
        wait: How to wait for another process that writes the file.

    Raises:
        ForeignFileError: The file isn't what was written to it, or holds what the database lacks.
        WaitNeededError: Another process holds the file for longer than a task may keep its slot.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only. The file is then as it was before.
    """
    with exclusive(path, wait), database.reading() as connection:
        note = progress.read(path)
        try:
            status = path.stat()
        except FileNotFoundError:
            return _replace(path, table, table.read_all(connection))
        if note is None or (written := _prove(path, note, status)) is None:
            return _adopt(path, table, connection, note)
        if written.made_by != table.made_by:
            return _replace(path, table, table.read_all(connection))
        if written.chain != table.chain_at(connection, written.arrival):
            return _replace_of_other_arrivals(path, table, connection, written)
        if not note.is_fresh(status):
            _cut(path, written)
            _note(path, written)
        return _bring_up(path, table, table.read_after(connection, written.arrival), written)


def rewrite(path: Path, table: Table, database: Database, wait: Wait = sleep) -> Exported:
    """Make a file anew, whatever is there.

    Args:
        path: The file.
        table: What it is made from.
        database: Where the table's rows are.
        wait: How to wait for another process that writes the file.

    Raises:
        WaitNeededError: Another process holds the file for longer than a task may keep its slot.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only. The file is then as it was before.
    """
    with exclusive(path, wait), database.reading() as connection:
        return _replace(path, table, table.read_all(connection))


def _prove(path: Path, note: Progress, status: os.stat_result) -> Written | None:
    """What the file holds by its note, perhaps with half of an append behind it; None when it says other."""
    if note.is_fresh(status):
        return note.written
    content = path.read_bytes()
    for state in (note.written, note.intended):
        if state is not None and state.proves(content):
            return state
    if note.written and note.intended and len(content) <= note.intended.size:
        return note.written if note.written.proves(content[: note.written.size]) else None
    return None


def _bring_up(path: Path, table: Table, rows: Rows | None, written: Written) -> Exported:
    if rows is None:
        return Exported(written.rows, changed=False)
    if rows.replaces_from is None or rows.replaces_from > written.last.encode():
        return _append(path, table, written, rows)
    return _replace_from(path, table, rows)


def _adopt(path: Path, table: Table, connection: "Connection", note: Progress | None) -> Exported:
    """Go on with a file of which no note tells, when it holds nothing but what the table begins with."""
    rows, content = table.read_all(connection), path.read_bytes()
    if rows is None:
        return Exported(0, changed=False)
    whole = table.header + rows.content
    known = note.written if note else None
    if whole.startswith(content) and (known is None or len(content) >= known.size):
        return _replace(path, table, rows)
    line: int | None
    line, reason = find_difference(content, whole)
    if known is not None and line > _comparable_lines(table, connection, known, whole):
        line, reason = None, "it was changed since it was written"
    hint = f"coin-pipelines export {table.pipeline} --rewrite makes it anew from the database"
    raise ForeignFileError(path, line, reason, hint=hint)


def _comparable_lines(table: Table, connection: "Connection", known: Written, whole: bytes) -> int:
    """How many lines of the table are sure to be what they were when the file was last written."""
    lines = whole.splitlines()
    rows = table.read_after(connection, known.arrival) if known.made_by == table.made_by else None
    if rows is None or rows.replaces_from is None or rows.replaces_from > known.last.encode():
        return len(lines) + 1
    return 1 + sum(first_cell(line) < rows.replaces_from for line in lines[1:])


def _replace_of_other_arrivals(
    path: Path, table: Table, connection: "Connection", written: Written
) -> Exported:
    """Replace a file of ours that was made from other arrivals, unless the database has fewer of them."""
    rows = table.read_all(connection)
    held = 0 if rows is None else rows.content.count(b"\n")
    if held < written.rows:
        raise ForeignFileError(
            path,
            None,
            f"it holds {counted(written.rows, 'row')} and the database {held:,}, "
            "so it is of another or a later database",
            hint=f"coin-pipelines replay {table.pipeline} fills the database from the archive",
        )
    return _replace(path, table, rows)


def _append(path: Path, table: Table, written: Written, rows: Rows) -> Exported:
    new = Written(
        size=written.size + len(rows.content),
        checksum=crc32(rows.content, written.checksum),
        rows=written.rows + rows.content.count(b"\n"),
        last=_last_moment(rows.content),
        made_by=table.made_by,
        arrival=rows.arrival,
        chain=rows.chain,
    )
    progress.write(path, Progress(written, intended=new))
    descriptor = os.open(path, os.O_WRONLY)
    try:
        write_at(descriptor, written.size, rows.content)
    finally:
        os.close(descriptor)
    _note(path, new)
    return Exported(new.rows, changed=True)


def _cut(path: Path, written: Written) -> None:
    """Remove what a killed process left of an append."""
    if path.stat().st_size > written.size:
        os.truncate(path, written.size)


def _replace_from(path: Path, table: Table, rows: Rows) -> Exported:
    lines = path.read_bytes().splitlines(keepends=True)[1:]
    first = rows.replaces_from or b""
    kept = b"".join(line for line in lines if first_cell(line) < first)
    return _replace(path, table, Rows(kept + rows.content, rows.arrival, rows.chain))


def _replace(path: Path, table: Table, rows: Rows | None) -> Exported:
    if rows is None:
        return Exported(0, changed=False)
    content = table.header + rows.content
    new = Written(
        size=len(content),
        checksum=crc32(content),
        rows=rows.content.count(b"\n"),
        last=_last_moment(rows.content),
        made_by=table.made_by,
        arrival=rows.arrival,
        chain=rows.chain,
    )
    changed = not path.exists() or path.read_bytes() != content
    if changed:
        before = progress.read(path)
        progress.write(path, Progress(before.written if before else None, intended=new))
        replace(path, content)
    _note(path, new)
    return Exported(new.rows, changed=changed)


def _note(path: Path, written: Written) -> None:
    progress.write(path, Progress(written, path.stat().st_mtime_ns))


def _last_moment(content: bytes) -> str:
    return first_cell(content[content.rfind(b"\n", 0, -1) + 1 :]).decode()

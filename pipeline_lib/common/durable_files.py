"""Writes that survive a kill or a power cut: a file is there whole, or not at all."""

import os
import re
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]+\.tmp")
# No write takes so long, and no process waits in the midst of one.
_LONGEST_WRITE = timedelta(days=1)
_READ_ONLY = 0o444
_READ_WRITE = 0o644


def write_once(path: Path, content: bytes) -> bool:
    """Write a read-only file that nothing overwrites.

    Returns:
        True when this call made the file, False when it was there before (and is left as it is).

    Raises:
        OSError: The disk is full or read-only, or the folder can't be made.
    """
    with _temporary_file(path, content, _READ_ONLY) as temporary:
        try:
            # A link, unlike a rename, fails when the name is taken, in one step for all processes.
            os.link(temporary, path)
        except FileExistsError:
            return False
    sync_folder(path.parent)
    return True


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of whatever ``path`` held; readers see the old or the new file.

    Raises:
        OSError: The disk is full or read-only, or the folder can't be made.
    """
    with _temporary_file(path, content, _READ_WRITE) as temporary:
        temporary.replace(path)
    sync_folder(path.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte; one ``write`` may take fewer.

    Raises:
        OSError: The disk is full or read-only.
    """
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def write_at(descriptor: int, end: int, content: bytes) -> None:
    """Add bytes to an open file, and make them last.

    Args:
        descriptor: The file, open for writing.
        end: Behind so many bytes.
        content: What to add.

    Raises:
        OSError: The disk is full or read-only. The file ends after ``end`` bytes again.
    """
    try:
        os.lseek(descriptor, end, os.SEEK_SET)
        write_all(descriptor, content)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path, before: datetime, names: Collection[str] | None = None) -> int:
    """Remove temporary files of processes that were killed in the midst of a write.

    What may still be written to stays: whatever is less than a day older than the last change in the folder,
    by the file system's own clock, which this machine's may differ from.

    Args:
        folder: Where files are written. It needn't exist.
        before: Only files that nobody has written to since then (UTC).
        names: Of which files; None for all in the folder.

    Returns:
        How many were removed.

    Raises:
        OSError: The folder is read-only.
    """
    try:
        changed, entries = folder.stat().st_mtime, os.scandir(folder)
    except FileNotFoundError:
        return 0
    limit = min(before.timestamp(), changed - _LONGEST_WRITE.total_seconds())
    removed = 0
    with entries:
        for entry in entries:
            # Most names in an archive of years begin otherwise.
            found = _TEMPORARY.fullmatch(entry.name) if entry.name.startswith(".") else None
            if found and (names is None or found["name"] in names):
                removed += _remove_file(entry, limit)
    return removed


def is_leftover(name: str) -> bool:
    """Whether a file of this name is the temporary one of a write, which a killed process may have left."""
    return _TEMPORARY.fullmatch(name) is not None


def _remove_file(entry: "os.DirEntry[str]", limit: float) -> bool:
    """Remove an ordinary file that hasn't changed since ``limit``, in seconds since 1970."""
    try:
        found = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode) or found.st_mtime >= limit:
            return False
        Path(entry.path).unlink()
    except FileNotFoundError:
        # Its writer, or another process that cleans up, was faster.
        return False
    return True


@contextmanager
def _temporary_file(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)

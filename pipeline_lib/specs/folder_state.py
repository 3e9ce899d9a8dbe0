"""Whether a folder of specs has changed, told without reading a file."""

import os
from collections.abc import Iterator
from pathlib import Path

_SPEC_SUFFIXES = (".yaml", ".yml")

FolderState = frozenset[tuple[str, int, int, int]]


def folder_state(folder: Path) -> FolderState:
    """What tells one state of a folder from another: each spec's place, inode, size and time of change.

    Links are followed, as mounted ConfigMaps and checkouts of git-sync need it. A folder that isn't there, or
    can't be read, is an empty one.
    """
    return frozenset(_entries(folder))


def _entries(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    for below, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") or not name.endswith(_SPEC_SUFFIXES):
                continue
            path = Path(below, name)
            try:
                found = path.stat()
            except OSError:  # gone by now, or a link to nowhere
                continue
            yield str(path), found.st_ino, found.st_size, found.st_mtime_ns

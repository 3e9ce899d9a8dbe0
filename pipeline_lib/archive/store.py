"""Where an archive is kept: named contents that are written once and never change.

Everything above works through these few calls, so that an archive can lie in a folder or, with conditional
writes, in an object store.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipeline_lib.common.durable_files import remove_leftovers, write_once

_BYTES_AT_ONCE = 1 << 16


class Archive(Protocol):
    """The archive of one pipeline."""

    def create(self, name: str, content: bytes) -> bool:
        """Write a content whole, unless there is one of this name.

        Returns:
            True when this call wrote it, False when another one was there (and is left as it is).

        Raises:
            OSError: There is no room, or no permission.
        """

    def read(self, name: str, at_most: int) -> bytes | None:
        """The first ``at_most`` bytes of a content, or None where there is none of this name.

        Raises:
            OSError: It can't be read.
        """

    def exists(self, name: str) -> bool:
        """Whether there is a content of this name.

        Raises:
            OSError: Nobody can say.
        """

    def names(self) -> Iterator[str]:
        """All names, in any order; costs as much as the archive is long.

        Raises:
            OSError: They can't be listed.
        """

    def location(self, name: str) -> Path | str:
        """Where people find a content; of an empty name, the archive."""


class FolderArchive:
    """An archive in a folder, one read-only file each."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which the first write makes."""
        self._folder = folder
        self._beginning = f"{folder}{os.sep}"

    def create(self, name: str, content: bytes) -> bool:
        """See :class:`Archive`."""
        return write_once(self._folder / name, content)

    def read(self, name: str, at_most: int) -> bytes | None:
        """See :class:`Archive`."""
        # A replay does this 100,000 times, and a file object takes as long to make as its file to read.
        try:
            descriptor = os.open(self._beginning + name, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            pieces, left = [], at_most
            while left and (piece := os.read(descriptor, min(left, _BYTES_AT_ONCE))):
                pieces.append(piece)
                left -= len(piece)
            return b"".join(pieces)
        finally:
            os.close(descriptor)

    def exists(self, name: str) -> bool:
        """See :class:`Archive`."""
        return (self._folder / name).exists()

    def names(self) -> Iterator[str]:
        """See :class:`Archive`."""
        try:
            entries = os.scandir(self._folder)
        except FileNotFoundError:
            return
        with entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    yield entry.name

    def location(self, name: str) -> Path:
        """See :class:`Archive`."""
        return self._folder / name

    def remove_leftovers(self, before: datetime) -> int:
        """Remove temporary files that killed processes left, but none of the last day.

        Args:
            before: Only files that nobody has written to since then (UTC).

        Returns:
            How many were removed.

        Raises:
            OSError: The folder is read-only.
        """
        return remove_leftovers(self._folder, before)

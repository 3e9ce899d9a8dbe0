"""Small JSON files that several processes keep up to date together."""

import json
from collections.abc import Callable
from pathlib import Path

from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive

_LONGEST_WAIT_SECONDS = 5.0


def read_document(path: Path) -> object:
    """The content of a JSON file; None where there is none.

    Raises:
        ValueError: The file holds no JSON.
        OSError: The file can't be read.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def change_document(path: Path, change: Callable[[object], object]) -> None:
    """Put ``change`` of a file's content in its place, while no other process does.

    ``change`` is given None where there is no file, or one without JSON in it.

    Raises:
        StoreBusyError: Another process held the file for too long.
        OSError: The disk is full or read-only.
    """
    with exclusive(path, longest_wait=_LONGEST_WAIT_SECONDS):
        try:
            before = read_document(path)
        except ValueError:
            before = None
        replace(path, (json.dumps(change(before), indent=1) + "\n").encode())

"""One process at a time, also across containers that share a disk.

It calls ``fcntl.flock`` itself: importing the library filelock takes about as long as all steps of an hour.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline_lib.common.waiting import Wait

_SECONDS_BETWEEN_TRIES = 0.02
_MODE = 0o644


@contextmanager
def exclusive(path: Path, wait: Wait) -> Iterator[None]:
    """Hold the lock of the file at ``path``; the lock is a hidden file beside it.

    The system drops the lock when its holder dies.

    Args:
        path: The file.
        wait: How to wait while another process holds the lock.

    Raises:
        WaitNeededError: Another process holds it for longer than a task may keep its slot.
        OSError: The folder can't be made, or takes no lock file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        while not _try_lock(descriptor):
            wait(_SECONDS_BETWEEN_TRIES, f"another process writes {path}")
        yield
    finally:
        # Closing the last descriptor of a lock gives it back.
        os.close(descriptor)


def lock_path(path: Path) -> Path:
    """Where the lock of the file at ``path`` lies."""
    return path.with_name(f".{path.name}.lock")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""One process at a time, also across containers that share a disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline_lib.errors import StoreBusyError

_LONGEST_WAIT_SECONDS = 60.0


@contextmanager
def exclusive(path: Path, *, longest_wait: float = _LONGEST_WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock of the file at ``path``; the lock is a hidden file beside it.

    The system drops the lock when its holder dies.

    Raises:
        StoreBusyError: Another process held the lock for ``longest_wait`` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock_path = path.with_name(f".{path.name}.lock")
    lock = FileLock(lock_path)
    try:
        lock.acquire(timeout=longest_wait)
    except Timeout as error:
        raise StoreBusyError(lock_path, longest_wait) from error
    try:
        yield
    finally:
        lock.release()

"""Locks across a call to the outside. They only save calls: one can be lost unseen."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.connections import Database
from pipeline_lib.errors import StoreBusyError
from pipeline_lib.store.files.locking import exclusive

_FOLDER = ".locks"


@contextmanager
def try_lock(address: Secret, key: str) -> Iterator[bool]:
    """Hold the lock of ``key``, or learn that another process holds it.

    PostgreSQL holds it in a transaction of a connection of its own, which ends with the process; beside
    SQLite it is a file. Who was given True is not promised to be alone: what it does must be right anyway.

    Args:
        address: The database.
        key: What only one should do at a time: ``answer usd 20180205T140000Z 0``.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The lock's file can't be made.
    """
    database = Database(address)
    if database.is_sqlite:
        name = sha256(key.encode()).hexdigest()[:16]
        path = Path(database.url.database or "").parent / _FOLDER / name
        with _try_exclusive(path) as held:
            yield held
        return
    try:
        with database.reading() as connection:
            number = func.hashtextextended(key, 0)
            yield bool(connection.execute(select(func.pg_try_advisory_xact_lock(number))).scalar_one())
    finally:
        database.close()


@contextmanager
def _try_exclusive(path: Path) -> Iterator[bool]:
    lock = exclusive(path, longest_wait=0)
    try:
        lock.__enter__()
    except StoreBusyError:
        yield False
        return
    try:
        yield True
    finally:
        lock.__exit__(None, None, None)

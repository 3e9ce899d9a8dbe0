"""Locks across a call to the outside. They only save calls: one can be lost unseen."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database

_FOLDER = ".locks"
_MODE = 0o644


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
        folder = Path(database.url.database or "").parent / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with _try_file(folder / f"{sha256(key.encode()).hexdigest()[:16]}.lock") as held:
            yield held
        return
    with _try_postgresql(database, key) as held:
        yield held


@contextmanager
def _try_postgresql(database: Database, key: str) -> Iterator[bool]:
    try:
        with database.reading() as connection:
            number = func.hashtextextended(key, 0)
            held = bool(connection.execute(select(func.pg_try_advisory_xact_lock(number))).scalar_one())
            try:
                yield held
            finally:
                # It ends with its connection. A commit would fail where the server has ended it already,
                # which takes away a lock that nobody needs any more.
                transaction = connection.get_transaction()
                connection.invalidate()
                if transaction:
                    transaction.rollback()
    finally:
        database.close()


@contextmanager
def _try_file(path: Path) -> Iterator[bool]:
    descriptor = _lock_file(path)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        # Only its holder removes the file; closing it gives the lock back.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _lock_file(path: Path) -> int | None:
    """A descriptor that holds the lock of the file at ``path``; None where another one holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, path):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        # The holder before has removed the file since it was opened: another one is the lock now.
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

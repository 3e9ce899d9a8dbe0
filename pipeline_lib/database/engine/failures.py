"""What SQLAlchemy raises, as this package's errors: by SQLSTATE, or by the words where there is none."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from pipeline_lib.errors import (
    DatabaseDamagedError,
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnavailableError,
)

# Classes of SQLSTATE: connection, insufficient resources, operator intervention, serialization, a lock that
# wasn't had, a statement that was cancelled by a time-out, and a system error.
_TEMPORARY = ("08", "53", "57", "40", "55P03", "58", "25P03", "25P04")
_REFUSED_ON_CONNECTING = (
    "password authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied",
)
_SQLITE_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")
_SQLITE_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_SQLITE_DISK = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_READONLY": errno.EROFS,
    "SQLITE_IOERR": errno.EIO,
    "SQLITE_CANTOPEN": errno.ENOENT,
}


@contextmanager
def database_errors(database: str) -> Iterator[None]:
    """Raise this package's errors for those of the database.

    Args:
        database: Its address, without a password.

    Raises:
        DatabaseUnavailableError: Another try may help.
        DatabaseRefusedError: None will.
        DatabaseDamagedError: The file is damaged.
        OSError: SQLite's disk is full or read-only, or gives input/output errors.
    """
    try:
        yield
    except DBAPIError as error:
        raise _typed(database, error) from error.orig
    except SQLAlchemyError as error:
        raise DatabaseRefusedError(f"the database {database}: {_first_line(error)}") from error


def _typed(database: str, error: DBAPIError) -> DatabaseError | OSError:
    orig = error.orig
    if isinstance(orig, sqlite3.Error):
        return _typed_sqlite(database, orig)
    reason = _first_line(orig) if orig else type(error).__name__
    state = getattr(orig, "sqlstate", None)
    if state is None:
        # Before a connection stands there is no SQLSTATE, also where the server gave one.
        is_refused = any(words in reason for words in _REFUSED_ON_CONNECTING)
    else:
        is_refused = not str(state).startswith(_TEMPORARY)
    if is_refused:
        return DatabaseRefusedError(
            f"the database {database} refuses: {reason}",
            hint="check DATABASE_URL: user, password, name of the database, and what the user may do",
        )
    return DatabaseUnavailableError(
        f"the database {database} can't be used now: {reason}", hint="check that it runs and can be reached"
    )


def _typed_sqlite(database: str, error: sqlite3.Error) -> DatabaseError | OSError:
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(_SQLITE_BUSY):
        return DatabaseUnavailableError(
            f"the database {database} is locked by another process",
            hint="look for one that is stuck, and end it",
        )
    if code.startswith(_SQLITE_DAMAGED):
        return DatabaseDamagedError(
            f"the database {database} is damaged: {error}",
            hint="move the file away; coin-pipelines replay --all --adopt rebuilds it from the archive",
        )
    for prefix, number in _SQLITE_DISK.items():
        if code.startswith(prefix):
            return OSError(number, f"the database can't be written: {error}", database)
    return DatabaseRefusedError(f"the database {database} refuses: {error}")


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__

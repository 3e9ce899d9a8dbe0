"""Connections to the database: one at a time, opened late, closed before a task waits for anything else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.address import shown, sqlite_path, to_url
from pipeline_lib.database.engine.failures import database_errors
from pipeline_lib.database.engine.file_systems import require_local_disk

_CONNECT_SECONDS = 10
_BUSY_SECONDS = 30
_STATEMENT_SECONDS = 60
_LOCK_SECONDS = 30
_KEEPALIVE_SECONDS = 30
_READS = "coin_pipelines_reads"


class Database:
    """One database, and at most one open connection to it.

    A connection stays open from the first transaction until :meth:`close`, so that a task makes one. A
    process that was forked off makes its own. Not for several threads.
    """

    def __init__(self, address: Secret) -> None:
        """Connect to nothing yet.

        Raises:
            SettingsError: The address is none of PostgreSQL or SQLite.
        """
        self._url = to_url(address)
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._process = 0
        self._of_parents: list[Connection | None] = []

    @property
    def name(self) -> str:
        """The address for people, without a password."""
        return shown(self._url)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return sqlite_path(self._url) is not None

    @property
    def url(self) -> URL:
        """The address as SQLAlchemy's; its text masks the password."""
        return self._url

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that writes nothing.

        Raises:
            DatabaseError: The database can't be used.
            OSError: SQLite's disk can't be read.
        """
        with self._transaction(reads=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at its end, unless an exception leaves it.

        Raises:
            DatabaseError: The database can't be used; whether a lost commit came through is then unknown.
            OSError: SQLite's disk is full or read-only.
        """
        with self._transaction(reads=False) as connection:
            yield connection

    def close(self) -> None:
        """Give the connection back; the next transaction opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None and self._process == os.getpid():
            with database_errors(self.name):
                connection.close()

    @contextmanager
    def _transaction(self, *, reads: bool) -> Iterator[Connection]:
        with database_errors(self.name):
            connection = self._open().execution_options(**{_READS: reads})
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                # What is left of it may be a broken connection, or half a transaction.
                self._connection = None
                if not connection.closed:
                    connection.invalidate()
                    connection.close()
                raise

    def _open(self) -> Connection:
        engine = self._engine_of_process()
        if self._connection is None:
            if path := sqlite_path(self._url):
                path.parent.mkdir(parents=True, exist_ok=True)
                require_local_disk(path)
            self._connection = engine.connect()
        return self._connection

    def _engine_of_process(self) -> Engine:
        if self._engine is not None and self._process != os.getpid():
            # The parent goes on with its connection. Closing it here would end it for both, and so would
            # forgetting it, since whatever is forgotten is closed.
            self._of_parents.append(self._connection)
            self._engine.dispose(close=False)
            self._engine, self._connection = None, None
        if self._engine is None:
            self._engine, self._process = make_engine(self._url), os.getpid()
        return self._engine


def make_engine(url: URL) -> Engine:
    """An engine that keeps no connection for later."""
    if sqlite_path(url):
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        poolclass=NullPool,
        # No column is of this type, and the driver would ask the server for it in each process.
        use_native_hstore=False,
        connect_args={
            # The driver begins no transactions of its own then: each begins below, with its limits.
            "autocommit": True,
            "connect_timeout": _CONNECT_SECONDS,
            # A statement prepared on the server breaks poolers that share connections.
            "prepare_threshold": None,
            "keepalives_idle": _KEEPALIVE_SECONDS,
        },
    )
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 (what the driver has)
    # The driver begins no transactions of its own then: each begins below, explicitly.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Who will write takes the lock first: two that read and then write would end in a deadlock.
    connection.exec_driver_sql("BEGIN" if _only_reads(connection) else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    # Limits of this transaction alone, since a pooler may hand the connection on; one message for all.
    connection.exec_driver_sql(
        f"BEGIN {'READ ONLY' if _only_reads(connection) else 'READ WRITE'};"
        f"SET LOCAL statement_timeout = '{_STATEMENT_SECONDS}s';"
        f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s';"
        "SET LOCAL TimeZone = 'UTC'"
    )


def _only_reads(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(_READS, False))

"""A database whose schema is known to be the one that this code works with."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.address import sqlite_path
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.schema import VERSION, SchemaState, state_of, upgrade
from pipeline_lib.errors import SchemaVersionError


class PreparedDatabase(Database):
    """Compares the schema's version before its first transaction.

    A file of SQLite is brought up to date by the first transaction that writes; PostgreSQL, whose tables
    many machines share, by ``coin-pipelines database upgrade`` alone.

    Attributes:
        address: Where it is; its text is masked.
    """

    def __init__(self, address: Secret) -> None:
        """Connect to nothing yet.

        Raises:
            SettingsError: The address is none of PostgreSQL or SQLite.
        """
        super().__init__(address)
        self.address = address
        self._state: SchemaState | None = None

    @property
    def uuid(self) -> str:
        """The database's name in the archives that it keeps.

        Raises:
            SchemaVersionError: The schema is older or newer than this code, or not there.
            DatabaseError: The database can't be used.
        """
        return self._known_state(reads=True).uuid

    @property
    def is_unmade(self) -> bool:
        """Whether it is a file of SQLite that nobody has made yet."""
        path = sqlite_path(self.url)
        return path is not None and not path.exists()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever written to it: there are no tables, or not even a file.

        Raises:
            DatabaseError: The database can't be used.
        """
        if self.is_unmade:
            return True
        with super()._transaction(reads=True) as connection:
            return state_of(connection).version == 0

    def prepare(self) -> str:
        """Bring a file of SQLite up to date, as its first transaction that writes would.

        Returns:
            The database's name in the archives that it keeps.

        Raises:
            SchemaVersionError: The schema is older or newer than this code, or not there.
            DatabaseError: The database can't be used.
            OSError: SQLite's disk is full or read-only.
        """
        return self._known_state(reads=False).uuid

    @contextmanager
    def _transaction(self, *, reads: bool) -> Iterator[Connection]:
        self._known_state(reads=reads)
        with super()._transaction(reads=reads) as connection:
            yield connection

    def _known_state(self, *, reads: bool) -> SchemaState:
        if self._state is None:
            self._state = self._prepare(reads=reads)
        return self._state

    def _prepare(self, *, reads: bool) -> SchemaState:
        with super()._transaction(reads=True) as connection:
            state = state_of(connection)
        if self.is_sqlite and not reads and state.version < VERSION:
            with closing(Database(self.address)) as database:
                upgrade(database)
            with super()._transaction(reads=True) as connection:
                state = state_of(connection)
        if state.version != VERSION:
            raise SchemaVersionError(self.name, state.version, VERSION)
        return state

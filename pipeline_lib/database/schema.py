"""The schema's version: made, brought up to date, and compared by what works with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, select, text

from pipeline_lib.database.tables import database_info
from pipeline_lib.errors import SchemaVersionError

if TYPE_CHECKING:
    from pipeline_lib.database.engine.connections import Database

VERSION = 2
"""The schema that this code works with: the number of its newest migration."""

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as no other program takes the same one in this database.
_MIGRATION_LOCK = 7_305_081_401


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What a database says of itself.

    Attributes:
        uuid: Its name in the archives that it keeps; empty for a database without tables.
        version: Its schema's version; 0 for a database without tables.
    """

    uuid: str
    version: int


def read_state(database: "Database") -> SchemaState:
    """The schema's state.

    Raises:
        DatabaseError: The database can't be used.
    """
    with database.reading() as connection:
        return state_of(connection)


def upgrade(database: "Database") -> SchemaState:
    """Bring the schema up to date; several processes that do so wait for each other.

    Returns:
        The state before.

    Raises:
        SchemaVersionError: The schema is newer than this code.
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    with database.writing() as connection:
        if not database.is_sqlite:
            # SQLite's transaction is the lock.
            connection.execute(
                text(f"SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            )
        before = state_of(connection)
        if before.version > VERSION:
            raise SchemaVersionError(database.name, before.version, VERSION)
        if before.version < VERSION:
            _migrate(connection)
    return before


def state_of(connection: Connection) -> SchemaState:
    """The schema's state, as a transaction sees it."""
    if not inspect(connection).has_table(database_info.name):
        return SchemaState("", 0)
    row = connection.execute(select(database_info.c.uuid, database_info.c.version)).one()
    return SchemaState(row.uuid, row.version)


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (a quarter of a second, for a migration alone)
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    command.upgrade(config, "head")

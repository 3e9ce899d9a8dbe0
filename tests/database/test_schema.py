import sqlite3
import threading
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, update

from pipeline_lib.common.secret import Secret
from pipeline_lib.database import schema
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.schema import VERSION, SchemaState
from pipeline_lib.database.tables import database_info, metadata
from pipeline_lib.errors import SchemaVersionError


def test_migrations_make_the_tables_that_the_code_describes(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_table_and_every_column_has_a_comment() -> None:
    assert [table.name for table in metadata.sorted_tables if not table.comment] == []
    assert [str(column) for table in metadata.sorted_tables for column in table.c if not column.comment] == []


def test_postgresql_keeps_the_comments(postgresql_address: Secret) -> None:
    with closing(Database(postgresql_address)) as database, database.reading() as connection:
        columns = {each["name"]: each for each in inspect(connection).get_columns("observations")}
        assert columns["price"]["comment"] == "of one coin, as it was sent"
        assert inspect(connection).get_table_comment("series")["text"] == metadata.tables["series"].comment


def test_a_database_without_tables_is_at_version_0(empty_address: Secret) -> None:
    with closing(Database(empty_address)) as database:
        assert schema.read_state(database) == SchemaState("", 0)


def test_an_upgrade_makes_the_tables_and_says_what_was_there_before(empty_address: Secret) -> None:
    with closing(Database(empty_address)) as database:
        assert schema.upgrade(database) == SchemaState("", 0)
        state = schema.read_state(database)
        assert (state.version, len(state.uuid)) == (VERSION, 36)
        assert schema.upgrade(database) == state


def test_four_upgrades_at_once_make_one_schema(empty_address: Secret) -> None:
    before: list[int] = []

    def upgrade() -> None:
        with closing(Database(empty_address)) as database:
            before.append(schema.upgrade(database).version)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(before) == [0, VERSION, VERSION, VERSION]


def _set_version(database: Database, version: int) -> None:
    with database.writing() as connection:
        connection.execute(update(database_info).values(version=version))


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    _set_version(database, VERSION + 1)
    with pytest.raises(SchemaVersionError, match=r"newer than .*upgrade coin-pipelines"):
        schema.upgrade(database)
    assert schema.read_state(database).version == VERSION + 1


def test_a_failed_migration_leaves_no_table(empty_address: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("stopped in the middle")

    with closing(Database(empty_address)) as database:
        with monkeypatch.context() as patched:
            patched.setattr("alembic.command.stamp", fail)
            migrate = schema._migrate

            def half(connection: object) -> None:
                migrate(connection)  # type: ignore[arg-type]
                fail(connection)

            patched.setattr(schema, "_migrate", half)
            with pytest.raises(RuntimeError):
                schema.upgrade(database)
        assert schema.read_state(database) == SchemaState("", 0)
        schema.upgrade(database)
        assert schema.read_state(database).version == VERSION


def test_sqlite_is_written_ahead_and_synchronised(sqlite_address: Secret) -> None:
    with closing(Database(sqlite_address)) as database, database.reading() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    assert values == ["wal", 2]
    assert sqlite3.sqlite_version_info >= (3, 31), "generated columns"

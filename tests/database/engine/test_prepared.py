from contextlib import closing

import pytest
from sqlalchemy import text, update

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.schema import VERSION, read_state, upgrade
from pipeline_lib.database.tables import database_info
from pipeline_lib.errors import SchemaVersionError


def _count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.scalar(text("SELECT COUNT(*) FROM pipelines")) or 0)


def _write(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO pipelines (name, arrivals, chain_sha256) VALUES ('a', 0, '0')"))


def test_who_reads_makes_no_tables(empty_address: Secret) -> None:
    with (
        closing(PreparedDatabase(empty_address)) as database,
        pytest.raises(SchemaVersionError, match=r"has no tables yet .*coin-pipelines database upgrade"),
    ):
        _count(database)
    with closing(Database(empty_address)) as plain:
        assert read_state(plain).version == 0


def test_who_will_write_makes_the_tables_of_sqlite_before_it_reads(empty_address: Secret) -> None:
    with closing(PreparedDatabase(empty_address)) as database:
        if database.is_sqlite:
            database.prepare()
            assert _count(database) == 0
        else:
            with pytest.raises(SchemaVersionError, match="has no tables yet"):
                database.prepare()


def test_the_first_writer_makes_the_tables_of_sqlite_alone(empty_address: Secret) -> None:
    with closing(PreparedDatabase(empty_address)) as database:
        if database.is_sqlite:
            _write(database)
            assert _count(database) == 1
        else:
            with pytest.raises(SchemaVersionError, match="has no tables yet"):
                _write(database)


def test_preparing_makes_the_tables_of_sqlite_alone_and_gives_the_name(empty_address: Secret) -> None:
    with closing(PreparedDatabase(empty_address)) as database:
        if database.is_sqlite:
            assert database.prepare() == database.prepare() == database.uuid
            assert _count(database) == 0
        else:
            with pytest.raises(SchemaVersionError, match="has no tables yet"):
                database.prepare()


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1])
def test_another_version_is_refused_before_anything_is_written(
    database_address: Secret, version: int
) -> None:
    with closing(Database(database_address)) as plain:
        with plain.writing() as connection:
            connection.execute(update(database_info).values(version=version))
        with closing(PreparedDatabase(database_address)) as database, pytest.raises(SchemaVersionError):
            _count(database)
        assert _count(plain) == 0


def test_a_database_keeps_its_name(empty_address: Secret) -> None:
    with closing(Database(empty_address)) as plain:
        upgrade(plain)
        name = read_state(plain).uuid
    with closing(PreparedDatabase(empty_address)) as database:
        assert (len(name), database.uuid) == (36, name)

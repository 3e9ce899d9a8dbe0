import os
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.errors import DatabaseDamagedError, DatabaseRefusedError, DatabaseUnavailableError
from tests.fixtures.databases import address_of


def _insert(database: Database, name: str) -> None:
    with database.writing() as connection:
        values = {"name": name, "chain": "0"}
        statement = "INSERT INTO pipelines (name, arrivals, chain_sha256) VALUES (:name, 0, :chain)"
        connection.execute(text(statement), values)


def _names(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(text("SELECT name FROM pipelines ORDER BY name")))


def test_what_an_exception_leaves_is_not_there(database: Database) -> None:
    _insert(database, "kept")

    def fail() -> None:
        with database.writing() as connection:
            connection.execute(text("DELETE FROM pipelines"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert _names(database) == ["kept"]


def test_a_task_makes_one_connection_and_gives_it_back(postgresql_address: Secret) -> None:
    with closing(psycopg.connect(postgresql_address.reveal(), autocommit=True)) as watcher:

        def others() -> list[int]:
            mine = "datname = current_database() AND pid <> pg_backend_pid()"
            query = f"SELECT pid FROM pg_stat_activity WHERE {mine}"  # noqa: S608 (nothing comes from outside)
            return [pid for (pid,) in watcher.execute(query)]

        database = Database(postgresql_address)
        assert others() == []
        _insert(database, "a")
        first = others()
        _insert(database, "b")
        assert (len(first), others()) == (1, first)
        database.close()
        for _ in range(100):
            if not others():
                break
            threading.Event().wait(0.02)
        assert others() == []
        assert _names(database) == ["a", "b"]
        database.close()


def test_a_forked_process_makes_its_own_connection_and_leaves_the_parents_alone(database: Database) -> None:
    _insert(database, "parent")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _insert(database, "child")
            database.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert _names(database) == ["child", "parent"]


def test_times_are_utc_and_statements_are_bounded(postgresql_address: Secret) -> None:
    with closing(Database(postgresql_address)) as database, database.reading() as connection:
        shown = [
            connection.scalar(text(f"SHOW {name}"))
            for name in ("TimeZone", "statement_timeout", "lock_timeout")
        ]
    assert shown == ["UTC", "1min", "30s"]


def test_a_connection_that_is_lost_is_a_temporary_error_and_the_next_transaction_gets_another(
    postgresql_address: Secret,
) -> None:
    with closing(Database(postgresql_address)) as database:
        _insert(database, "before")

        def lose() -> None:
            with database.writing() as connection:
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

        with pytest.raises(DatabaseUnavailableError, match="can't be used now"):
            lose()
        _insert(database, "after")
        assert _names(database) == ["after", "before"]


def test_too_many_connections_are_a_temporary_error(
    postgresql_server: str, postgresql_address: Secret
) -> None:
    name = postgresql_address.reveal().partition("?")[0].rpartition("/")[2]
    with closing(psycopg.connect(postgresql_server, autocommit=True)) as admin:
        admin.execute("DROP ROLE IF EXISTS guest")
        admin.execute("CREATE ROLE guest LOGIN CONNECTION LIMIT 0")
        admin.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    address = address_of(postgresql_server, name).replace("postgres:@", "guest@")
    with (
        closing(Database(Secret(address))) as database,
        pytest.raises(DatabaseUnavailableError, match="too many connections"),
    ):
        _names(database)


def test_a_wrong_name_is_refused_for_good(postgresql_server: str) -> None:
    address = Secret(address_of(postgresql_server, "nobody_made_this"))
    with (
        closing(Database(address)) as database,
        pytest.raises(DatabaseRefusedError, match=r"does not exist .*check DATABASE_URL"),
    ):
        _names(database)


def test_a_missing_table_is_refused_for_good(database: Database) -> None:
    def read() -> None:
        with database.reading() as connection:
            connection.execute(text("SELECT * FROM nothing"))

    with pytest.raises(DatabaseRefusedError):
        read()
    assert _names(database) == []


def test_a_file_that_is_no_database_is_damaged_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "coin_pipelines.db"
    path.write_bytes(b"not a database, but long enough to be looked at as if it were one" * 100)
    before = path.read_bytes()
    with (
        closing(Database(Secret(f"sqlite:///{path}"))) as database,
        pytest.raises(DatabaseDamagedError, match="coin-pipelines replay --all --adopt"),
    ):
        _names(database)
    assert path.read_bytes() == before


def test_writers_of_sqlite_wait_for_each_other(sqlite_address: Secret) -> None:
    def write(worker: int) -> None:
        with closing(Database(sqlite_address)) as database:
            for number in range(20):
                # Reads before it writes, as two that begin as readers couldn't.
                with database.writing() as connection:
                    count = connection.scalar(text("SELECT COUNT(*) FROM pipelines"))
                    statement = text(
                        "INSERT INTO pipelines (name, arrivals, chain_sha256) VALUES (:n, :c, '0')"
                    )
                    connection.execute(statement, {"n": f"{worker}-{number}", "c": count})

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with closing(Database(sqlite_address)) as database, database.reading() as connection:
        counts = sorted(connection.scalars(text("SELECT arrivals FROM pipelines")))
    assert counts == list(range(80))

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.engine.locks import try_lock

_HOLD = """
import sys
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.locks import try_lock
with try_lock(Secret(sys.argv[1]), "answer") as held:
    print(held, flush=True)
    sys.stdin.read()
"""

_TAKE_TURNS = """
import os, sys
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.locks import try_lock
turns = 0
while turns < 50:
    with try_lock(Secret(sys.argv[1]), "answer") as held:
        if held:
            turns += 1
            for sign in "+-":
                with open(sys.argv[2], "a") as file:
                    file.write(f"{sign}{os.getpid()}\\n")
"""


def test_a_lock_is_one_process_at_a_time_and_goes_with_it(database_address: Secret) -> None:
    command = [sys.executable, "-c", _HOLD, database_address.reveal()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with try_lock(database_address, "answer") as held, try_lock(database_address, "another") as other:
            assert (held, other) == (False, True)
        holder.kill()
    for _ in range(200):
        with try_lock(database_address, "answer") as held:
            if held:
                break
    assert held


def test_a_lock_holds_up_no_writer(database_address: Secret) -> None:
    with (
        try_lock(database_address, "answer"),
        closing(Database(database_address)) as database,
        database.writing() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM pipelines")


def test_no_file_of_a_lock_is_left(sqlite_address: Secret, tmp_path: Path) -> None:
    for number in range(20):
        with try_lock(sqlite_address, f"answer {number}") as held:
            assert held
    assert list((tmp_path / ".locks").iterdir()) == []


def test_one_of_many_holds_it_however_often_its_file_goes(sqlite_address: Secret, tmp_path: Path) -> None:
    path = tmp_path / "holders"
    command = [sys.executable, "-c", _TAKE_TURNS, sqlite_address.reveal(), str(path)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    lines = path.read_text().splitlines()
    assert len(lines) == 4 * 50 * 2
    assert all(lines[at] == f"+{lines[at + 1][1:]}" for at in range(0, len(lines), 2))


def test_a_lock_that_the_server_took_away_fails_nobody(postgresql_address: Secret) -> None:
    with try_lock(postgresql_address, "answer") as held:
        assert held
        with closing(Database(postgresql_address)) as database, database.writing() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            )
        with try_lock(postgresql_address, "answer") as other:
            assert other


def test_an_error_of_the_work_comes_through_and_gives_the_lock_back(database_address: Secret) -> None:
    with pytest.raises(ZeroDivisionError), try_lock(database_address, "answer"):
        raise ZeroDivisionError
    with try_lock(database_address, "answer") as held:
        assert held

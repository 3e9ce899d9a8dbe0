import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.schema import VERSION

Command = Callable[..., Result]


def test_an_upgrade_makes_the_tables_of_a_file_beside_the_data(project: Path, command: Command) -> None:
    path = project / "data" / "coin_pipelines.db"
    result = command("database", "upgrade")
    assert (result.exit_code, result.stdout) == (0, f"{path} upgraded from no tables to version {VERSION}\n")
    assert sqlite3.connect(path).execute("SELECT version FROM database_info").fetchall() == [(VERSION,)]
    assert command("database", "upgrade").stdout == f"{path} has version {VERSION} already\n"


@pytest.mark.usefixtures("project")
def test_the_status_says_what_to_do_and_is_green_after_it(command: Command) -> None:
    before = command("database", "status")
    assert before.exit_code == 1
    assert before.stdout.splitlines()[1:] == [
        f"version   no tables, this coin-pipelines works with {VERSION}",
        "to do     coin-pipelines database upgrade",
    ]
    command("database", "upgrade")
    after = command("database", "status")
    assert after.exit_code == 0
    assert after.stdout.splitlines()[1] == f"version   {VERSION}, this coin-pipelines works with {VERSION}"


@pytest.mark.usefixtures("project")
def test_the_status_of_a_newer_database_asks_for_a_newer_program(project: Path, command: Command) -> None:
    command("database", "upgrade")
    with sqlite3.connect(project / "data" / "coin_pipelines.db") as connection:
        connection.execute("UPDATE database_info SET version = version + 1")
    status = command("database", "status")
    assert status.exit_code == 1
    assert status.stdout.splitlines()[-1] == "to do     upgrade coin-pipelines on this machine"
    refused = command("database", "upgrade")
    assert refused.exit_code == 1
    assert "upgrade coin-pipelines on this machine" in refused.stderr


@pytest.mark.usefixtures("project")
def test_the_database_of_the_environment_is_upgraded_and_no_password_shows(
    empty_postgresql: Secret, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = empty_postgresql.reveal().replace("postgres:@", "postgres:s3cr3t-word@")
    (tmp_path / "url").write_text(f"{address}\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    result = command("database", "upgrade")
    assert (result.exit_code, "s3cr3t-word" in result.output) == (0, False)
    assert result.stdout.endswith(f"upgraded from no tables to version {VERSION}\n")
    assert command("database", "status").exit_code == 0


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "address", ["mysql://root:s3cr3t-word@host/db", "postgresql://u:s3cr3t-word@host:x/db"]
)
def test_an_address_of_something_else_is_refused_without_repeating_it(
    address: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    result = command("database", "status")
    assert (result.exit_code, "s3cr3t-word" in result.output) == (1, False)
    assert "DATABASE_URL" in result.stderr


@pytest.mark.usefixtures("project")
def test_a_server_that_is_away_is_named_without_its_password(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:s3cr3t-word@127.0.0.1:1/coins")
    result = command("database", "status")
    assert (result.exit_code, "s3cr3t-word" in result.output) == (1, False)
    assert "the database postgresql://user@127.0.0.1:1/coins can't be used now" in result.stderr

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

RUN = ("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")
UNCHANGED = "bitcoin: 1 snapshot, unchanged\n"
TAKEN_OVER = Path(__file__).parents[2] / "data" / "taken_over"


@pytest.fixture
def data(project: Path) -> Path:
    return project / "data"


@pytest.mark.usefixtures("market")
def test_files_come_back(data: Path, command: Command) -> None:
    command(*RUN)
    before = {path: path.read_bytes() for path in data.glob("*.csv")}
    assert len(before) == 2
    for path in before:
        path.unlink()
    result = command("replay", "bitcoin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "bitcoin: 1 snapshot, rebuilt bitcoin_raw.csv and bitcoin_processed.csv\n"
    assert {path: path.read_bytes() for path in data.glob("*.csv")} == before
    assert command("replay", "bitcoin").stdout == UNCHANGED


@pytest.mark.usefixtures("market")
def test_a_lost_database_comes_back_when_its_successor_adopts_the_archive(
    data: Path, command: Command
) -> None:
    command(*RUN)
    for path in data.glob("coin_pipelines.db*"):
        path.unlink()
    refused = command("replay", "bitcoin")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "coin-pipelines replay --adopt takes the archive over" in refused.stderr
    done = command("replay", "bitcoin", "--adopt")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "bitcoin: 1 snapshot, 1 added, order: 0 by manifests, 1 by the raw log\n"
    assert command("verify", "bitcoin").exit_code == 0


@pytest.mark.usefixtures("market")
def test_a_pipeline_that_fails_holds_up_no_other(project: Path, data: Path, command: Command) -> None:
    (project / "dag_configs" / "a-coin.yaml").write_text(
        "spec_version: 1\ncoin: a-coin\nschedule: '@daily'\n"
    )
    (project / "dag_configs" / "b-coin.yaml").write_text("spec_version: 1\ncoin: 1\n")
    (data / "archive" / "a-coin").mkdir(parents=True)
    damaged = data / "archive" / "a-coin" / "20180205T140000Z.json"
    damaged.write_text("{}")
    command(*RUN)
    result = command("replay", "--all")
    assert result.exit_code == 1
    assert f"a-coin: snapshot {damaged} is damaged: " in result.stderr
    assert "b-coin.yaml:2:" in result.stderr
    assert result.stdout.endswith(UNCHANGED)


@pytest.mark.usefixtures("market")
def test_a_file_that_somebody_edited_is_reported_and_left(data: Path, command: Command) -> None:
    command(*RUN)
    log = data / "bitcoin_raw.csv"
    content = log.read_bytes() + b"2018-01-01T00:00:00Z,bitcoin,usd,1,,,,,2018-01-01T00:00:00Z\n"
    log.write_bytes(content)
    result = command("replay", "bitcoin")
    assert result.exit_code == 1
    assert "bitcoin_raw.csv" in result.stderr
    assert "export bitcoin --rewrite" in result.stderr
    assert log.read_bytes() == content


@pytest.mark.usefixtures("project")
def test_an_empty_archive_has_an_exit_code_of_its_own(command: Command) -> None:
    for arguments in (("bitcoin",), ("--all",)):
        result = command("replay", *arguments)
        assert (result.exit_code, result.stderr) == (3, "")
        assert result.stdout == "bitcoin: there is nothing to replay: the archive is empty\n"


def test_a_folder_of_the_version_before_is_taken_over(project: Path, command: Command) -> None:
    shutil.copytree(TAKEN_OVER / "data", project / "data")
    shutil.copytree(TAKEN_OVER / "dag_configs", project / "dag_configs", dirs_exist_ok=True)
    result = command("replay", "--all")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "bitcoin: 41 snapshots, 41 added, 2 delivery records taken over, 1 open problem taken over,"
        " 1 refused answer taken over\n"
        "ether-slow: 7 snapshots, 7 added\n"
    )
    assert command("verify", "--all").exit_code == 0
    assert command("replay", "--all").stdout == (
        "bitcoin: 41 snapshots, unchanged\nether-slow: 7 snapshots, unchanged\n"
    )


@pytest.mark.parametrize("arguments", [(), ("bitcoin", "--all")])
@pytest.mark.parametrize("name", ["replay", "verify"])
@pytest.mark.usefixtures("project")
def test_neither_a_pipeline_nor_all_and_both_are_misuse(
    command: Command, name: str, arguments: tuple[str, ...]
) -> None:
    result = command(name, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name a pipeline, or give --all" in result.stderr


@pytest.mark.parametrize("name", ["replay", "verify"])
@pytest.mark.usefixtures("project")
def test_an_unknown_pipeline_is_reported(command: Command, name: str) -> None:
    result = command(name, "ethereum")
    assert result.exit_code == 1
    assert "no spec for pipeline 'ethereum'" in result.stderr

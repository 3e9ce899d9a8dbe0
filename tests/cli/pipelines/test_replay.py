from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

RUN = ("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")


@pytest.fixture
def data(project: Path) -> Path:
    return project / "data"


@pytest.mark.usefixtures("market")
def test_log_and_table_come_back(data: Path, command: Command) -> None:
    command(*RUN)
    before = {path: path.read_bytes() for path in data.glob("*.csv")}
    assert len(before) == 2
    for path in before:
        path.unlink()
    result = command("replay", "bitcoin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "bitcoin: 1 rows, raw log rebuilt, processed table rebuilt\n"
    assert {path: path.read_bytes() for path in data.glob("*.csv")} == before
    again = command("replay", "bitcoin")
    assert again.stdout == "bitcoin: 1 rows, raw log unchanged, processed table unchanged\n"


@pytest.mark.usefixtures("market")
def test_a_pipeline_that_fails_holds_up_no_other(project: Path, data: Path, command: Command) -> None:
    (project / "dag_configs" / "a-coin.yaml").write_text(
        "spec_version: 1\ncoin: a-coin\nschedule: '@daily'\n"
    )
    (data / "archive" / "a-coin").mkdir(parents=True)
    (data / "archive" / "a-coin" / "20180205T140000Z.json").write_text("{}")
    command(*RUN)
    result = command("replay", "--all")
    assert result.exit_code == 1
    assert result.stderr.startswith("a-coin: failed: snapshot ")
    assert result.stdout == "bitcoin: 1 rows, raw log unchanged, processed table unchanged\n"


@pytest.mark.usefixtures("market")
def test_rows_that_the_archive_lacks_are_dropped_only_when_asked_to(data: Path, command: Command) -> None:
    command(*RUN)
    log = data / "bitcoin_raw.csv"
    content = log.read_bytes()
    log.write_bytes(content + b"2018-01-01T00:00:00Z,bitcoin,usd,1,,,,,2018-01-01T00:00:00Z\n")
    refused = command("replay", "bitcoin")
    assert refused.exit_code == 1
    assert "bitcoin_raw.csv:3: 1 row without a snapshot in the archive (copy " in refused.stderr
    done = command("replay", "bitcoin", "--drop-unarchived")
    assert done.exit_code == 0
    assert done.stdout.endswith(", 1 lines without a snapshot dropped\n")
    assert log.read_bytes() == content


@pytest.mark.usefixtures("market")
def test_an_archive_without_manifests_gets_them(data: Path, command: Command) -> None:
    command(*RUN)
    for path in (data / "manifests" / "bitcoin").iterdir():
        path.unlink()
    result = command("replay", "bitcoin")
    assert result.stdout.endswith("unchanged, 1 snapshots entered into a manifest\n")


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
def test_an_unknown_pipeline_is_told(command: Command, name: str) -> None:
    result = command(name, "ethereum")
    assert result.exit_code == 1
    assert "no spec for pipeline 'ethereum'" in result.stderr

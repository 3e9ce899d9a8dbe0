from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from pipeline_lib.simulator.server import Simulator

Command = Callable[..., Result]
RAW, PROCESSED = "data/bitcoin_raw.csv", "data/bitcoin_processed.csv"


@pytest.fixture
def hours(command: Command, market: Simulator) -> None:
    for hour in (12, 13):
        market.clock.set(datetime(2018, 2, 5, hour, tzinfo=UTC))
        assert command("run", "bitcoin", "--at", f"2018-02-05T{hour}:00:00Z").exit_code == 0


def _files(project: Path) -> list[bytes]:
    return [(project / name).read_bytes() for name in (RAW, PROCESSED)]


@pytest.mark.usefixtures("hours")
def test_files_that_hold_all_are_left(command: Command, project: Path) -> None:
    before = _files(project)
    result = command("export", "bitcoin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"{project / RAW}: 2 rows, unchanged\n{project / PROCESSED}: 2 rows, unchanged\n"
    )
    assert _files(project) == before


@pytest.mark.usefixtures("hours")
@pytest.mark.parametrize("local_files", ["0", "1"])
def test_lost_files_are_made_also_where_runs_keep_none(
    command: Command, project: Path, monkeypatch: pytest.MonkeyPatch, local_files: str
) -> None:
    before = _files(project)
    for name in (RAW, PROCESSED):
        (project / name).unlink()
    monkeypatch.setenv("LOCAL_FILES", local_files)
    result = command("export", "bitcoin")
    assert (result.exit_code, result.stdout) == (
        0,
        f"{project / RAW}: 2 rows\n{project / PROCESSED}: 2 rows\n",
    )
    assert _files(project) == before


@pytest.mark.usefixtures("hours")
def test_foreign_files_are_refused_until_a_rewrite(command: Command, project: Path) -> None:
    before = _files(project)
    (project / RAW).write_bytes(before[0].replace(b"\n", b"\r\n"))
    (project / PROCESSED).write_bytes(before[1] + b"\n")
    result = command("export", "bitcoin")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {project / RAW}, line 1: its lines end in CRLF, as an editor may leave them, instead of LF; "
        "the file is left as it is ("
        "coin-pipelines export bitcoin --rewrite makes it anew from the database)\n"
        f"{project / PROCESSED}, line 4: the line is blank; "
        "the file is left as it is ("
        "coin-pipelines export bitcoin --rewrite makes it anew from the database)\n"
    )
    result = command("export", "bitcoin", "--rewrite")
    assert (result.exit_code, result.stdout) == (
        0,
        f"{project / RAW}: 2 rows\n{project / PROCESSED}: 2 rows\n",
    )
    assert _files(project) == before


def test_without_a_database_there_is_nothing_to_export(command: Command, project: Path) -> None:
    result = command("export", "bitcoin")
    assert result.exit_code == 1
    assert "coin_pipelines.db has no tables" in result.stderr
    assert not (project / RAW).exists()


@pytest.mark.usefixtures("hours")
def test_a_pipeline_that_never_ran_has_nothing_to_export(command: Command, project: Path) -> None:
    (project / "dag_configs/ether.yaml").write_text('spec_version: 1\ncoin: ethereum\nschedule: "@daily"\n')
    result = command("export", "ether")
    assert (result.exit_code, result.stdout) == (
        0,
        f"{project / 'data/ether_raw.csv'}: there is nothing to export\n",
    )
    assert not (project / "data/ether_raw.csv").exists()

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

SPEC = Path("dag_configs", "bitcoin.yaml")
KEPT = [
    r"data/bitcoin_raw\.csv: 3 files, \d+ B",
    r"data/bitcoin_processed\.csv: 3 files, \d+ B",
    r"data/archive/bitcoin: 3 files, [\d,]+ B",
    r".*coin_pipelines\.db: 13 rows in 10 tables",
    r"S3 is left as it is: the spec has no s3 section",
]


@pytest.fixture
def ran(project: Path, market: object, command: Command) -> Path:  # noqa: ARG001 (sets the scene)
    """A project whose pipeline has run once."""
    assert command("run", "bitcoin", "--at", "2018-02-05T14:00:00Z").exit_code == 0
    return project


def files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "data").rglob("*bitcoin*/*"))


def test_what_would_go_is_printed_and_stays(ran: Path, command: Command) -> None:
    before = files(ran)
    result = command("remove", "bitcoin")
    assert (result.exit_code, result.stderr) == (0, "")
    *kept, last = result.stdout.splitlines()
    assert all(re.fullmatch(*pair) for pair in zip(KEPT, kept, strict=True)), kept
    assert last == "to delete all this, for ever: coin-pipelines remove bitcoin --yes"
    assert files(ran) == before
    assert command("verify", "bitcoin").exit_code == 0


@pytest.mark.usefixtures("ran")
def test_it_goes_when_that_is_asked_for(command: Command) -> None:
    Path("data", "archive", "bitcoin", "today.sha256").write_text("of a person")
    result = command("remove", "bitcoin", "--yes")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-3:] == [
        "left as it is: data/archive/bitcoin/today.sha256, which isn't a file of the pipeline",
        "deleted what was kept of bitcoin",
        "next: delete the spec bitcoin.yaml, or its next run starts from nothing",
    ]
    SPEC.unlink()
    assert [path.name for path in Path("data").rglob("*bitcoin*")] == ["bitcoin"]
    assert command("list").stdout == "pipeline  coins  schedule  moments  newest\n"
    again = command("remove", "bitcoin", "--yes")
    assert (again.exit_code, again.stderr) == (3, "bitcoin: there is nothing to delete\n")


@pytest.mark.usefixtures("ran")
def test_an_invalid_spec_is_no_absent_one(command: Command) -> None:
    SPEC.write_text("coin: [")
    result = command("remove", "bitcoin", "--yes")
    assert result.exit_code == 1
    assert "Error: dag_configs/bitcoin.yaml:" in result.stderr
    assert Path("data", "archive", "bitcoin").is_dir()


@pytest.mark.parametrize("name", ["..", "../archive", "/etc", "Bitcoin", ""])
@pytest.mark.usefixtures("project")
def test_what_cannot_name_a_pipeline_is_misuse(command: Command, name: str) -> None:
    assert command("remove", name, "--yes").exit_code == 2


@pytest.mark.usefixtures("project")
def test_a_project_that_never_ran_gets_no_database(command: Command) -> None:
    assert command("remove", "bitcoin").exit_code == 3
    assert not Path("data").exists()

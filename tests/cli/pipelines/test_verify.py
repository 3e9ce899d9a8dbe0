import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]


@pytest.fixture
def log(project: Path, market: object, command: Command) -> Path:  # noqa: ARG001 (sets the scene)
    """The raw log of a pipeline that has run once."""
    command("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")
    return project / "data" / "bitcoin_raw.csv"


@pytest.mark.usefixtures("log")
def test_a_pipeline_without_a_difference(command: Command) -> None:
    result = command("verify", "bitcoin")
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "bitcoin: no differences\n",
        "bitcoin: not compared with S3: the spec has no s3 section\n",
    )
    assert json.loads(command("verify", "bitcoin", "--format", "json").stdout) == []


def test_a_difference_is_printed_with_how_to_fix_it(log: Path, command: Command) -> None:
    log.write_bytes(log.read_bytes().replace(b"9000", b"9001"))
    result = command("verify", "bitcoin")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        f"bitcoin: {log}:2: the row isn't the archived one (coin-pipelines replay)"
    )
    assert result.stdout.splitlines()[-1] == "bitcoin: 2 differences"
    as_json = command("verify", "bitcoin", "--format", "json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)[0] == {
        "pipeline": "bitcoin",
        "place": f"{log}:2",
        "reason": "the row isn't the archived one",
        "fix": "coin-pipelines replay",
    }
    assert command("replay", "bitcoin").exit_code == 0
    assert command("verify", "bitcoin").exit_code == 0


@pytest.mark.usefixtures("log")
def test_all_pipelines_are_verified(project: Path, command: Command) -> None:
    (project / "dag_configs" / "a-coin.yaml").write_text(
        "spec_version: 1\ncoin: a-coin\nschedule: '@daily'\n"
    )
    assert command("verify", "--all").stdout == "a-coin: no differences\nbitcoin: no differences\n"
    next((project / "data" / "archive" / "bitcoin").glob("*.csv")).unlink()
    result = command("verify", "--all")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "bitcoin: 1 difference"


@pytest.mark.usefixtures("project")
def test_an_unknown_format_is_misuse(command: Command) -> None:
    assert command("verify", "bitcoin", "--format", "xml").exit_code == 2

import hashlib
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
    reason = "the row of 2018-02-05T14:00:00Z isn't the one that was written"
    fix = "coin-pipelines export bitcoin --rewrite"
    assert result.stdout == f"bitcoin: {log}:2: {reason} ({fix})\nbitcoin: 1 difference\n"
    as_json = command("verify", "bitcoin", "--format", "json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout) == [
        {"pipeline": "bitcoin", "place": f"{log}:2", "reason": reason, "fix": fix}
    ]
    assert command("export", "bitcoin", "--rewrite").exit_code == 0
    assert command("verify", "bitcoin").exit_code == 0


@pytest.mark.usefixtures("log")
def test_all_pipelines_are_verified(project: Path, command: Command) -> None:
    (project / "dag_configs" / "a-coin.yaml").write_text(
        "spec_version: 1\ncoin: a-coin\nschedule: '@daily'\n"
    )
    both = command("verify", "--all")
    assert both.exit_code == 0
    assert both.stdout == (
        "a-coin: there is nothing to verify: archive and database are empty\nbitcoin: no differences\n"
    )
    next((project / "data" / "archive" / "bitcoin").glob("*.csv")).unlink()
    (project / "dag_configs" / "b-coin.yaml").write_text("spec_version: 1\ncoin: 1\n")
    result = command("verify", "--all")
    assert result.exit_code == 1
    assert "b-coin.yaml:2:" in result.stderr
    assert result.stdout.splitlines()[-1] == "bitcoin: 1 difference"


@pytest.mark.usefixtures("project")
def test_nothing_to_verify_has_an_exit_code_of_its_own(project: Path, command: Command) -> None:
    result = command("verify", "bitcoin")
    assert (result.exit_code, result.stderr) == (3, "")
    assert result.stdout == "bitcoin: there is nothing to verify: archive and database are empty\n"
    assert not (project / "data").exists()
    assert command("verify", "bitcoin", "--manifest").exit_code == 3


@pytest.mark.usefixtures("log")
def test_the_open_manifest_is_what_sha256sum_checks(project: Path, command: Command) -> None:
    result = command("verify", "bitcoin", "--manifest")
    assert result.exit_code == 0
    first, *lines = result.stdout.splitlines()
    assert first == "# first"
    archive = project / "data" / "archive" / "bitcoin"
    assert lines == [
        f"{hashlib.sha256((archive / name).read_bytes()).hexdigest()}  {name}"
        for name in ("20180205T140000Z.json", "20180205T140000Z.csv")
    ]
    assert command("verify", "--all", "--manifest").exit_code == 2


@pytest.mark.usefixtures("project")
def test_an_unknown_format_is_misuse(command: Command) -> None:
    assert command("verify", "bitcoin", "--format", "xml").exit_code == 2

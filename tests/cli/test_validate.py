from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]


def test_valid_specs_are_named(project: Path, command: Command) -> None:
    spec = (project / "dag_configs" / "bitcoin.yaml").read_bytes()
    (project / "dag_configs" / "ethereum.yaml").write_bytes(spec)
    result = command("validate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "valid specs: bitcoin, ethereum\n", "")


def test_every_problem_is_a_line_and_the_exit_code_1(project: Path, command: Command) -> None:
    broken = project / "dag_configs" / "ethereum.yaml"
    broken.write_text("spec_version: 1\ncoim: ethereum\nschedule: never\n", encoding="utf-8")
    other = project / "dag_configs" / "solana.yml"
    other.touch()
    result = command("validate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"{other}:1:1: specs end in .yaml (rename it to solana.yaml)",
        f"{broken}:1:1: the key 'coin' is missing (for example bitcoin or usd-coin)",
        f"{broken}:2:1: coim: unknown key (did you mean 'coin'?)",
    ]


@pytest.mark.usefixtures("project")
def test_a_warning_is_told_and_the_exit_code_0(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINGECKO_CALLS_PER_MONTH", "100")
    result = command("validate")
    assert (result.exit_code, result.stdout) == (0, "valid specs: bitcoin\n")
    assert ":1:1: warning: 744 calls of CoinGecko in a month" in result.stderr


@pytest.mark.usefixtures("project")
def test_a_missing_folder_is_told(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAG_CONFIGS_DIR", str(tmp_path / "gone"))
    result = command("validate")
    assert result.exit_code == 1
    assert result.stderr == (
        f"{tmp_path / 'gone'}:1:1: the folder of specs doesn't exist (set DAG_CONFIGS_DIR)\n"
    )


@pytest.mark.usefixtures("project")
def test_a_bad_environment_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://hooks.example/secret-part")
    result = command("validate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: SLACK_WEBHOOK_URL is not an https address\n"


@pytest.mark.usefixtures("project")
def test_an_argument_too_many_is_misuse(command: Command) -> None:
    assert command("validate", "bitcoin").exit_code == 2

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

RENDERED = """\
spec_version: 1
coin: bitcoin
vs_currency: eur
schedule: '@hourly'
timezone: UTC
start_date: '2017-01-01'
catchup: false
owner: data-engineering
tags: []
retries: 3
retry_delay: 30s
timeout: 5m
windows: [24h, 7d]
thresholds:
  1h: 3
  24h: 8
alerts:
  on_backfill: false
  clear_level: 0.7
quality:
  max_age: 10m
  max_jump: 50
"""


@pytest.fixture
def folder(project: Path) -> Path:
    folder = project / "dag_configs"
    (folder / "_defaults.yaml").write_text("vs_currency: eur\n", encoding="utf-8")
    return folder


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("pipeline", ["bitcoin", "dag_configs/bitcoin.yaml", "./dag_configs/bitcoin.yaml"])
def test_a_spec_is_shown_with_all_defaults(command: Command, pipeline: str) -> None:
    result = command("render", pipeline)
    assert (result.exit_code, result.stdout, result.stderr) == (0, RENDERED, "")


def test_what_is_rendered_is_a_spec_that_renders_to_itself(folder: Path, command: Command) -> None:
    (folder / "rendered.yaml").write_text(command("render", "bitcoin").stdout, encoding="utf-8")
    assert command("validate", "dag_configs/rendered.yaml").exit_code == 0
    assert command("render", "rendered").stdout == RENDERED


def test_a_path_needs_no_project(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "unusable")
    monkeypatch.chdir(tmp_path)
    Path("other.yaml").write_text('spec_version: 1\ncoin: litecoin\nschedule: "@daily"\n', encoding="utf-8")
    assert "coin: litecoin\n" in command("render", "other.yaml").stdout


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("pipeline", "exit_code", "message"),
    [
        ("solana", 1, "no spec for pipeline 'solana'"),
        ("dag_configs/solana.yaml", 1, "no spec for pipeline 'solana'"),
        ("dag_configs/bitcoin", 2, "dag_configs/bitcoin is no spec: specs end in .yaml"),
        ("bitcoin.yml", 2, "bitcoin.yml is no spec: specs end in .yaml"),
    ],
)
def test_a_spec_that_is_not_there_is_told(
    command: Command, pipeline: str, exit_code: int, message: str
) -> None:
    result = command("render", pipeline)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert f"Error: {message}" in result.stderr


def test_an_invalid_spec_is_told_with_its_place(folder: Path, command: Command) -> None:
    (folder / "bitcoin.yaml").write_text(
        "spec_version: 1\ncoin: bitcoin\nschedule: never\n", encoding="utf-8"
    )
    result = command("render", "bitcoin")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: dag_configs/bitcoin.yaml:3:1: schedule: 'never' is not a cron")

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

SPEC = """\
spec_version: 1
coin: bitcoin
schedule: "@hourly"
thresholds:
  24h: 10
s3: null
"""
DEFAULTS = """\
owner: market data, team 2
thresholds: {1h: 4, 24h: 9}
s3: {bucket: shared, prefix: crypto}
"""
TABLE = """\
spec_version: 1               dag_configs/bitcoin.yaml:1
coin: bitcoin                 dag_configs/bitcoin.yaml:2
vs_currency: usd              schema default
schedule: '@hourly'           dag_configs/bitcoin.yaml:3
timezone: UTC                 schema default
start_date: '2017-01-01'      schema default
catchup: false                schema default
owner: 'market data, team 2'  dag_configs/_defaults.yaml:1
tags: []                      schema default
retries: 3                    schema default
retry_delay: 30s              schema default
timeout: 5m                   schema default
windows: [24h, 7d]            schema default
thresholds.1h: 4              dag_configs/_defaults.yaml:2
thresholds.24h: 10            dag_configs/bitcoin.yaml:5
alerts.on_backfill: false     schema default
alerts.clear_level: 0.7       schema default
quality.max_age: 10m          schema default
quality.max_jump: 50          schema default
"""


@pytest.fixture(autouse=True)
def folder(project: Path) -> Path:
    folder = project / "dag_configs"
    (folder / "bitcoin.yaml").write_text(SPEC, encoding="utf-8")
    (folder / "_defaults.yaml").write_text(DEFAULTS, encoding="utf-8")
    return folder


@pytest.mark.parametrize("pipeline", ["bitcoin", "dag_configs/bitcoin.yaml"])
def test_each_value_has_its_origin(command: Command, pipeline: str) -> None:
    result = command("explain", pipeline)
    assert (result.exit_code, result.stdout, result.stderr) == (0, TABLE, "")


def test_one_key_comes_with_its_description_and_examples(command: Command) -> None:
    assert command("explain", "bitcoin", "thresholds.24h").stdout == (
        "thresholds.24h: 10  dag_configs/bitcoin.yaml:5\n"
        "\n"
        "Move over the last 24 hours, in percent.\n"
        "For example 8 or 10.5\n"
    )


def test_a_section_comes_with_its_values(command: Command) -> None:
    assert command("explain", "bitcoin", "thresholds").stdout == (
        "thresholds.1h: 4    dag_configs/_defaults.yaml:2\n"
        "thresholds.24h: 10  dag_configs/bitcoin.yaml:5\n"
        "\n"
        "Price moves that alert, in percent, in either direction.\n"
        "For example {1h: 3, 24h: 8}\n"
    )


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("description", "description: not set"),
        ("alerts.connection", "alerts.connection: not set"),
        ("s3", "s3: not set  null at dag_configs/bitcoin.yaml:6"),
        ("s3.bucket", "s3.bucket: not set  null at dag_configs/bitcoin.yaml:6"),
    ],
)
def test_a_key_without_a_value_is_told_and_what_took_it_away(command: Command, key: str, line: str) -> None:
    assert command("explain", "bitcoin", key).stdout.splitlines()[0] == line


@pytest.mark.parametrize(
    ("key", "hint"),
    [("threshold.1h", "did you mean 'thresholds.1h'?"), ("bucket", "did you mean 's3.bucket'?")],
)
def test_an_unknown_key_is_refused_with_one_that_is_meant(command: Command, key: str, hint: str) -> None:
    result = command("explain", "bitcoin", key)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: specs have no key {key!r} ({hint})\n"


def test_a_spec_in_a_folder_below_has_the_defaults_of_the_project(project: Path, command: Command) -> None:
    specs = project / "dag_configs"
    (specs / "majors").mkdir()
    (specs / "bitcoin.yaml").rename(specs / "majors" / "bitcoin.yaml")
    (specs / "_defaults.yaml").write_text("owner: shared\n", encoding="utf-8")
    for name in ("bitcoin", "dag_configs/majors/bitcoin.yaml"):
        assert command("explain", name, "owner").stdout.splitlines()[0] == (
            "owner: shared  dag_configs/_defaults.yaml:1"
        )

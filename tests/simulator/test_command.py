import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from pipeline_lib.cli.simulator import simulator as command

RUN = [sys.executable, "-c", "from pipeline_lib.cli.simulator import simulator; simulator()"]


@contextmanager
def _running(*arguments: str, end_signal: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    with subprocess.Popen(
        [*RUN, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline()
            process.send_signal(end_signal)
            output, errors = process.communicate(timeout=10)
            assert (process.returncode, output, errors) == (0, "", "")
        finally:
            process.kill()


def _base_url(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+/api/v3", line)
    assert found is not None
    return found.group()


def _markets(line: str) -> list[dict[str, object]]:
    response = requests.get(f"{_base_url(line)}/coins/markets?vs_currency=usd", timeout=10)
    rows: list[dict[str, object]] = response.json()
    return rows


def test_it_serves_a_file_at_a_moment_until_told_to_end(tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("timestamp,close_usd\n2018-02-05T14:00:00Z,7000.25\n", encoding="utf-8")
    with _running("--prices", f"bitcoin={prices}", "--at", "2018-02-05T14:20:00Z") as line:
        (row,) = _markets(line)
        assert (row["current_price"], row["last_updated"]) == (7000.25, "2018-02-05T14:20:00.000Z")
        webhook = line.split()[-1]
        assert requests.post(webhook, json={"text": "hello"}, timeout=10).text == "ok"


def test_it_serves_made_up_markets_and_ends_with_an_interrupt() -> None:
    arguments = ("--seed", "5", "--at", "2024-01-03T00:00:00Z")
    with _running(*arguments, end_signal=signal.SIGINT) as line:
        assert [row["id"] for row in _markets(line)][:2] == ["bitcoin", "ethereum"]


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--host", "0.0.0.0"], 2, "127.0.0.1 only"),  # noqa: S104 - what is to be refused
        (["--at", "yesterday"], 2, "2018-02-05T14:00:00Z"),
        (["--prices", "prices.csv"], 2, "bitcoin=prices.csv"),
        (["--prices", "bitcoin=a.csv", "--prices", "bitcoin=b.csv"], 2, "bitcoin is given twice"),
        (["--prices", "bitcoin=absent.csv"], 1, "absent.csv:1: the file can't be read"),
    ],
)
def test_what_it_can_not_use_is_told(arguments: list[str], code: int, reason: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == code
    assert reason in result.stderr
    assert "Traceback" not in result.output


def test_the_help_shows_how_to_use_it() -> None:
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert (
        "\n    coin-pipelines simulator --prices bitcoin=bitcoin.csv --at 2018-02-05T14:00:00Z\n"
        in result.output
    )

"""Real processes, whose output nobody reads to its end."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline_lib.simulator.server import Simulator

MODULE = (sys.executable, "-m", "pipeline_lib.cli")
SCRIPT = (str(Path(sys.executable).with_name("coin-pipelines")),)
RUN = ("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")


def unread(*arguments: str, errors_too: bool = False, **environment: str) -> int:
    """The exit code of a process whose output has no reader from the start on."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            arguments,
            stdout=writing,
            stderr=writing if errors_too else subprocess.PIPE,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert not done.stderr
    return done.returncode


@pytest.mark.parametrize(
    ("start", "unbuffered"), [(MODULE, ""), (SCRIPT, "1")], ids=["module", "script without a buffer"]
)
def test_a_pipeline_runs_to_its_end_when_nobody_reads(
    project: Path, market: Simulator, start: Sequence[str], unbuffered: str
) -> None:
    assert unread(*start, *RUN, PYTHONUNBUFFERED=unbuffered) == 0
    assert (project / "data" / "bitcoin_processed.csv").read_text().count("\n") == 2
    assert len(market.slack_messages) == 1


@pytest.mark.usefixtures("market")
def test_a_reader_that_goes_away_in_the_middle_stops_no_step(project: Path) -> None:
    shell = f"set -o pipefail; {SCRIPT[0]} {' '.join(RUN)} | head -1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60, check=False)  # noqa: S607
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fetch_and_save_price: bitcoin 9000.00 USD")
    assert (project / "data" / "bitcoin_processed.csv").exists()


def test_the_exit_code_is_the_commands_own(project: Path) -> None:
    assert unread(*MODULE, "--help") == 0
    (project / "dag_configs" / "bitcoin.yaml").write_text("coin: [")
    assert unread(*MODULE, "verify", "--all", errors_too=True) == 1
    assert unread(*MODULE, "frobnicate", errors_too=True) == 2


@pytest.mark.usefixtures("market")
def test_a_process_without_any_stdout_runs_to_its_end(project: Path) -> None:
    shell = f"{SCRIPT[0]} {' '.join(RUN)} >&-"
    done = subprocess.run(["bash", "-c", shell], stderr=subprocess.PIPE, timeout=60, check=False)  # noqa: S607
    assert (done.returncode, done.stderr) == (0, b"")
    assert (project / "data" / "bitcoin_processed.csv").exists()


@pytest.mark.usefixtures("project")
def test_a_full_disk_is_an_error_still() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*MODULE, "validate"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode != 0
    assert b"No space left on device" in done.stderr

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

PROGRAM = """
import time
from local_stack.stopping import stop_as_by_ctrl_c
stop_as_by_ctrl_c()
try:
    print("running", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("cleaning up", flush=True)
    input()
    print("stopped", flush=True)
"""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert _line(process) == "running"
    return process


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leads_to_the_cleaning_up_and_a_second_one_does_not_disturb_it(
    number: signal.Signals,
) -> None:
    with _start([sys.executable, "-c", PROGRAM]) as process:
        process.send_signal(number)
        assert _line(process) == "cleaning up"
        process.send_signal(number)
        assert process.communicate("\n", timeout=30)[0] == "stopped\n"
        assert process.returncode == 0


def test_the_end_of_the_parent_leads_to_the_cleaning_up_even_when_it_is_killed() -> None:
    with _start([sys.executable, "-c", PARENT, PROGRAM]) as parent:
        parent.kill()
        assert _line(parent) == "cleaning up"
        # Both have the same input and output.
        assert parent.communicate("\n", timeout=30)[0] == "stopped\n"


def test_what_nohup_started_goes_on_without_its_terminal() -> None:
    command = ["sh", "-c", 'trap "" HUP; exec "$0" -c "$1"', sys.executable, PROGRAM]
    with _start(command) as process:
        process.send_signal(signal.SIGHUP)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert _line(process) == "cleaning up"
        assert process.communicate("\n", timeout=30)[0] == "stopped\n"

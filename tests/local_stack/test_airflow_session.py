import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local_stack.airflow_session import end_session, exposed_addresses

PROJECT = Path(__file__).resolve().parents[2]

# As a task of Airflow's: in a process group of its own. It doesn't care about SIGTERM either.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(60)
"""
SESSION = """
import sys
from local_stack.airflow_session import run
program, pids, last = sys.argv[1:]
python = [sys.executable, "-c"]
stubborn = [*python, program, pids]
run([*python, ""], {"first": stubborn, "second": stubborn, "last": [*python, last]}, 0.2)
"""
LISTENS = """
import socket, sys, time
opened = [socket.create_server((address, 0)) for address in ("127.0.0.1", "0.0.0.0")]
with open(sys.argv[1], "w") as file:
    file.write(str(opened[1].getsockname()[1]))
time.sleep(60)
"""
STAYS = "import time; time.sleep(60)"


def _wait_for(is_there: Callable[[], bool]) -> None:
    while not is_there():
        pass


def _runs(pid: int) -> bool:
    try:
        # What ended, but has no parent that takes note of it, counts as ended.
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Session:
    def __init__(self, folder: Path, last: str) -> None:
        self.pids = folder / "pids"
        self.pids.touch()
        self.process = subprocess.Popen(
            [sys.executable, "-c", SESSION, STUBBORN, str(self.pids), last],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def members(self) -> list[int]:
        return [int(line) for line in self.pids.read_text().split()]

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    running = Session(tmp_path, STAYS)
    _wait_for(lambda: len(running.members()) == 4)
    yield running
    running.close_input()
    running.process.wait(30)


@pytest.mark.parametrize(
    "end",
    [
        Session.close_input,
        lambda session: session.process.terminate(),
        lambda session: session.process.send_signal(signal.SIGHUP),
        lambda session: session.process.send_signal(signal.SIGINT),
    ],
    ids=["end of input", "SIGTERM", "SIGHUP", "SIGINT"],
)
def test_with_its_starter_or_by_a_signal_all_of_a_session_ends(
    session: Session, end: Callable[[Session], None]
) -> None:
    assert all(map(_runs, session.members()))
    end(session)
    assert session.process.wait(30) == 0
    assert not any(map(_runs, session.members()))


def test_when_one_program_ends_all_end_and_the_log_says_which(tmp_path: Path) -> None:
    session = Session(tmp_path, "import sys; sys.exit(3)")
    assert session.process.wait(30) == 1
    assert session.process.stderr is not None
    assert session.process.stderr.read() == b"ended by themselves, with these exit codes: {'last': 3}\n"
    assert not any(map(_runs, session.members()))


def test_a_session_whose_leader_was_killed_can_be_ended(session: Session) -> None:
    session.process.kill()
    session.process.wait(30)
    assert all(map(_runs, session.members()))
    end_session(session.process.pid, 0.2)
    _wait_for(lambda: not any(map(_runs, session.members())))


def test_an_address_that_other_machines_may_reach_is_found(tmp_path: Path) -> None:
    told = tmp_path / "port"
    with subprocess.Popen([sys.executable, "-c", LISTENS, str(told)], start_new_session=True) as process:
        _wait_for(lambda: told.is_file() and told.read_text() != "")
        assert exposed_addresses(process.pid) == [f"0.0.0.0:{told.read_text()}"]
        process.kill()

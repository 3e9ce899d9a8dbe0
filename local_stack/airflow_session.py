"""Airflow's components in a session of their own, which ends with whoever started it.

A program: its standard input is a pipe that nobody writes to. When the pipe ends, the process at its other
end has ended in whatever way, SIGKILL included, and then so do all processes of the session.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from types import FrameType
from typing import NoReturn

import psutil

SECONDS_TO_STOP = 15.0

_SECONDS_BETWEEN_LOOKS = 0.1
_AIRFLOW = (sys.executable, "-m", "airflow")
_PREPARATION = (*_AIRFLOW, "db", "migrate")
# Log servers would listen on all interfaces, for other machines. Here the UI reads the files.
_COMPONENTS = {
    "api-server": (*_AIRFLOW, "api-server"),
    "scheduler": (*_AIRFLOW, "scheduler", "--skip-serve-logs"),
    "dag-processor": (*_AIRFLOW, "dag-processor"),
    "triggerer": (*_AIRFLOW, "triggerer", "--skip-serve-logs"),
}


def run(
    preparation: Sequence[str], components: Mapping[str, Sequence[str]], seconds_to_stop: float
) -> NoReturn:
    """Run programs until one of them ends, the standard input ends, or a signal comes; then end the session.

    Args:
        preparation: A program that has to succeed first.
        components: The programs, by their names.
        seconds_to_stop: For the processes of the session to end by themselves.

    Raises:
        SystemExit: Always: 0 after the end of the input or a signal, 1 when a program ended.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    threading.Thread(target=_leave_at_the_end_of_input, daemon=True).start()
    try:
        subprocess.run(preparation, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 (this project's own)
        started = {
            name: subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 (as above)
            for name, command in components.items()
        }
        while all(process.poll() is None for process in started.values()):
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        ended = {name: process.returncode for name, process in started.items() if process.poll() is not None}
        sys.exit(f"ended by themselves, with these exit codes: {ended}")
    finally:
        end_session(os.getsid(0), seconds_to_stop)


def end_session(session: int, seconds: float) -> None:
    """End all processes of a session but this one.

    Airflow gives each task a process group of its own, so a signal to one group wouldn't reach all.

    Args:
        session: Its id.
        seconds: To end by themselves; those left are killed.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        members = _members(session)
        for member in members:
            # One that ended meanwhile needs no signal.
            _send(member, number)
        _, left = psutil.wait_procs(members, seconds)
        if not left and not _members(session):
            return


def exposed_addresses(session: int) -> list[str]:
    """Where processes of a session listen that other machines may reach."""
    addresses = [
        connection.laddr
        for member in _members(session)
        for connection in member.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    return [f"{each.ip}:{each.port}" for each in addresses if not ip_address(each.ip).is_loopback]


def _members(session: int) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid()
        and _session_of(process.pid) == session
        and process.status() != psutil.STATUS_ZOMBIE
    ]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        # It ended, or belongs to somebody else.
        return None


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _leave(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # A second one must not disturb the end.
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


def _leave_at_the_end_of_input() -> None:
    # Not through sys.stdin, whose lock this thread would hold when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run(_PREPARATION, _COMPONENTS, SECONDS_TO_STOP)

"""The executor in a process of its own: what hangs is ended by the time limit."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.airflow.blocked_processes import PROCESSES, TASKS

PROJECT = Path(__file__).resolve().parents[2]
# Each look at a worker takes so long that the workers before it have ended.
STOP = """
import time
from pipeline_lib.airflow.executor import BoundedLocalExecutor

executor = BoundedLocalExecutor(parallelism=3)
executor.start()
for process in executor.workers.values():
    def is_alive(look=process.is_alive):
        time.sleep(0.3)
        return look()
    process.is_alive = is_alive
executor.end()
print("ended")
"""


def run(*arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def seen() -> Mapping[str, object]:
    result: Mapping[str, object] = json.loads(run("-m", "tests.airflow.blocked_processes"))
    return result


def test_idle_workers_end_with_the_executor() -> None:
    assert run("-c", STOP) == "ended"


def test_no_more_is_handed_over_than_there_are_processes(seen: Mapping[str, object]) -> None:
    assert (seen["handed over"], seen["left"]) == (PROCESSES, TASKS + 1 - PROCESSES)


def test_what_comes_back_before_its_end_was_read_waits_for_that(seen: Mapping[str, object]) -> None:
    assert seen["waits for its own end"] is True


def test_what_ends_well_or_badly_frees_its_process(seen: Mapping[str, object]) -> None:
    assert seen["states"] == ["failed", "success"]


def test_what_never_began_frees_its_process_once_it_is_revoked(seen: Mapping[str, object]) -> None:
    assert seen["after a revocation"] == 0

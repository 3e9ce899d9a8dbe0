import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline_lib.common.locking import exclusive
from pipeline_lib.common.waiting import sleep

HOLDER = """
import sys, time
from pathlib import Path
from pipeline_lib.common.locking import exclusive
from pipeline_lib.common.waiting import sleep
with exclusive(Path(sys.argv[1]), sleep):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def _held_by_another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            holder.kill()


def give_up(_seconds: float, reason: str) -> None:
    raise TimeoutError(reason)


def test_a_lock_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with (
        _held_by_another_process(path),
        pytest.raises(TimeoutError, match=r"^another process writes .*/new/table\.csv$"),
        exclusive(path, give_up),
    ):
        pytest.fail("two processes hold one lock")


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with _held_by_another_process(path) as holder:
        holder.kill()
        holder.wait()
        with exclusive(path, sleep):
            assert not path.exists()


def test_who_waits_gets_the_lock_when_it_is_released(tmp_path: Path) -> None:
    path, order = tmp_path / "table.csv", []

    def hold() -> None:
        with exclusive(path, sleep):
            order.append("in")
            time.sleep(0.02)
            order.append("out")

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(hold) for _ in range(4)]:
            future.result()
    assert order == ["in", "out"] * 4


def test_a_lock_is_released_when_its_holder_fails(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(RuntimeError, match="failed"), exclusive(path, give_up):
        raise RuntimeError("failed")
    with exclusive(path, give_up):
        pass


def test_the_locks_of_two_files_are_two(tmp_path: Path) -> None:
    with exclusive(tmp_path / "one.csv", give_up), exclusive(tmp_path / "two.csv", give_up):
        pass

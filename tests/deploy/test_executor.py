"""The executor's end, in a process of its own: what hangs is ended by the time limit."""

import subprocess
import sys
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "docker" / "config"
# Each look at a worker takes so long that the workers before it have ended.
SCRIPT = """
import time
from stack_executor import StoppableLocalExecutor

executor = StoppableLocalExecutor(parallelism=3)
executor.start()
for process in executor.workers.values():
    def is_alive(look=process.is_alive):
        time.sleep(0.3)
        return look()
    process.is_alive = is_alive
executor.end()
print("ended")
"""


def test_idle_workers_end_with_the_executor() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=CONFIG,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert finished.stdout.splitlines()[-1] == "ended"

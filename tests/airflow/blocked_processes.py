"""The executor with processes that do nothing until they are told to; a program of its own, since it forks.

Prints what it sees as JSON.
"""

import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from airflow.executors.base_executor import BaseExecutor
from airflow.utils.state import TaskInstanceState

from pipeline_lib.airflow.executor import BoundedLocalExecutor

PROCESSES = 3
TASKS = 20
LONGEST_WAIT = 60.0
GATE = multiprocessing.Event()


@dataclass(frozen=True)
class Workload:
    """What the executor needs of a task."""

    key: str
    running_state: TaskInstanceState | None = None
    ti: Any = field(default_factory=lambda: SimpleNamespace(priority_weight=1))
    success_state = TaskInstanceState.SUCCESS
    failure_state = TaskInstanceState.FAILED

    @property
    def display_name(self) -> str:
        return self.key


def run_workload(workload: Workload, **_: object) -> int:
    GATE.wait()
    if workload.key.startswith("bad"):
        raise RuntimeError
    return 0


def queue(executor: Any, *workloads: Workload) -> None:  # noqa: ANN401 - keys are of another type
    executor.queued_tasks.update({workload.key: workload for workload in workloads})


def beat_until(executor: Any, is_so: Callable[[], bool]) -> None:  # noqa: ANN401 - as above
    given_up_at = time.monotonic() + LONGEST_WAIT
    while not is_so():
        assert time.monotonic() < given_up_at
        executor.heartbeat()
        time.sleep(0.01)


def main() -> None:
    BaseExecutor.run_workload = staticmethod(run_workload)  # type: ignore[assignment, method-assign]
    executor: Any = BoundedLocalExecutor(parallelism=PROCESSES)  # type: ignore[no-untyped-call]
    executor.start()
    seen: dict[str, object] = {}
    begins = Workload("says that it begins", running_state=TaskInstanceState.RUNNING)
    queue(executor, begins, *(Workload(f"bad {number}") for number in range(TASKS)))
    # The one that begins has said so by then.
    beat_until(executor, lambda: begins.key in executor.event_buffer)
    for _ in range(10):
        executor.heartbeat()
    seen["handed over"], seen["left"] = len(executor.running), len(executor.queued_tasks)
    # Back before its end was read.
    queue(executor, again := Workload(begins.key))
    executor.heartbeat()
    seen["waits for its own end"] = again.key in executor.queued_tasks
    GATE.set()
    beat_until(executor, lambda: not executor.queued_tasks and not executor.running)
    seen["states"] = sorted({str(state) for state, _ in executor.get_event_buffer().values()})
    GATE.clear()
    queue(executor, lost := Workload("lost"))
    executor.heartbeat()
    executor.revoke_task(ti=lost)
    seen["after a revocation"] = len(executor.running)
    GATE.set()
    executor.end()
    print(json.dumps(seen))  # noqa: T201 - the result


if __name__ == "__main__":
    main()

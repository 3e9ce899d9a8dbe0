"""The executor of one machine: in the Docker stack without Celery, and of ``make up``."""

from collections.abc import Sequence
from typing import Any

from airflow.executors.local_executor import LocalExecutor

_BEGUN = "running"


class BoundedLocalExecutor(LocalExecutor):
    """LocalExecutor that hands over no more than it has free processes, and always stops.

    The LocalExecutor of Airflow 3.3.2 doesn't note what it has handed over: it takes all of its processes for
    free and hands over more, through a pipe. When they are busy for a while the pipe fills, and the scheduler
    itself waits in it, takes itself for dead and kills all tasks.

    It also sends one stop message for each worker that is alive, and any worker may take any message. When a
    worker takes another's message and ends before its own is sent, one message is missing: the last idle
    worker waits for ever, and the scheduler waits for it until it is killed.
    """

    def _process_workloads(self, workload_list: Sequence[Any]) -> None:
        # What comes back before its last end was read waits for that: two of a key would count as one.
        fresh = [workload for workload in workload_list if workload.key not in self.running]
        self.running.update(workload.key for workload in fresh)
        super()._process_workloads(fresh)  # type: ignore[no-untyped-call] # Airflow's own gap

    def change_state(self, key: Any, state: Any, info: Any = None, remove_running: bool = True) -> None:  # noqa: ANN401, FBT001, FBT002 (Airflow's signature)
        """Take note of a workload's state; its process is free again unless the workload has only begun.

        Args:
            key: The workload's key.
            state: Its state.
            info: What the executor says of it.
            remove_running: Whether it may be over.
        """
        # Callbacks and tests of connections say when they begin.
        super().change_state(key, state, info, remove_running=remove_running and state != _BEGUN)

    def revoke_task(self, *, ti: Any) -> None:  # noqa: ANN401 (Airflow's signature)
        """Forget a task that never began, since the process that it was given to has died."""
        self.queued_tasks.pop(ti.key, None)
        self.running.discard(ti.key)

    def end(self) -> None:
        """Stop the executor after its running tasks have ended."""
        # One more message for each worker, so that none is left without.
        for _ in self.workers:
            self.activity_queue.put(None)
        super().end()

"""The executor of the stack on one machine."""

from airflow.executors.local_executor import LocalExecutor


class StoppableLocalExecutor(LocalExecutor):
    """LocalExecutor that always stops.

    The LocalExecutor of Airflow 3.3.2 sends one stop message for each worker that is alive, and any worker
    may take any message. When a worker takes another's message and ends before its own is sent, one message
    is missing: the last idle worker waits for ever, and the scheduler waits for it until it is killed.
    """

    def end(self) -> None:
        """Stop the executor after its running tasks have ended."""
        # One more message for each worker, so that none is left without.
        for _ in self.workers:
            self.activity_queue.put(None)
        super().end()

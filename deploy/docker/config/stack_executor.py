# noqa: INP001 (a file of the image, found by its folder)
"""The executor of a stack on one machine."""

from airflow.executors.local_executor import LocalExecutor


class StoppableLocalExecutor(LocalExecutor):
    """LocalExecutor that always comes to its end.

    Airflow 3.3.2's own sends its workers a message to stop, one for each alive at that moment, and any
    worker may take any message. When a worker has taken another's and ended before its own was sent, there is
    one message too few: a last idle worker waits for ever, and the scheduler for it, until it is killed.
    """

    def end(self) -> None:
        """End the executor; running tasks come to their end first."""
        # With one message more for each worker, none is left without.
        for _ in self.workers:
            self.activity_queue.put(None)
        super().end()

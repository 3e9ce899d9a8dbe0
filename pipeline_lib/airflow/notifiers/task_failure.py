"""The notifier of tasks that failed for good.

``dag.py`` imports this while a DAG file is parsed, so everything else waits for something to report.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

if TYPE_CHECKING:
    from airflow.sdk import Context


class TaskFailureNotifier(BaseNotifier):
    """Notifies operators of a task that failed after its last try.

    As a task's ``on_failure_callback`` it runs where the task ran; for a task whose worker vanished, in the
    dag processor. What it raises, Airflow logs, and the task's own failure stays what it is.
    """

    def __init__(self, project_folder: Path) -> None:
        """Remember where settings look for ``data`` unless the environment says otherwise."""
        super().__init__()
        self.project_folder = project_folder

    def notify(self, context: "Context") -> None:
        """Notify of the failure, unless operators know the same problem.

        Raises:
            CoinPipelinesError: A channel missed it, or a variable that ops alerts need is unusable.
        """
        from pipeline_lib.airflow.context import failure_of
        from pipeline_lib.airflow.masking import mask_environment
        from pipeline_lib.ops.alerts import OpsAlerts

        mask_environment(os.environ)
        operators = OpsAlerts.from_environment(os.environ, project_folder=self.project_folder)
        operators.task_failed(failure_of(context))

"""A step of a pipeline as an Airflow task.

``dag.py`` imports this while a DAG file is parsed, so the step comes in when a task runs.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from pipeline_lib.airflow.task import run_step
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from airflow.sdk import Context

_log = logging.getLogger(__name__)


class StepFailedExit(SystemExit):
    """Ends a task whose step failed with an error of ours.

    Airflow prints the traceback of any other exception below what the step had to say. For an exit it retries
    and notifies as for them, and prints one line.

    Attributes:
        error: What the step raised.
    """

    def __init__(self, error: CoinPipelinesError) -> None:
        super().__init__(1)
        self.error = error

    def __str__(self) -> str:
        return str(self.error)


def raised_by_step(error: BaseException | None) -> BaseException | None:
    """The error that a step raised, for what Airflow says that its task raised."""
    return error.error if isinstance(error, StepFailedExit) else error


class StepOperator(BaseOperator):
    """Runs one step of a pipeline; the last line of its log is what the step did."""

    def __init__(self, *, step: str, spec: PipelineSpec, project_folder: Path, **arguments: Any) -> None:  # noqa: ANN401 (Airflow's)
        """Take note of what to run.

        Args:
            step: Name of the function in ``steps``.
            spec: The pipeline.
            project_folder: What ``dag_configs`` and ``data`` lie in unless the environment says otherwise.
            arguments: ``BaseOperator``'s.
        """
        super().__init__(**arguments)
        self.step = step
        self.spec = spec
        self.project_folder = project_folder

    def execute(self, context: "Context") -> None:  # noqa: ARG002 (Airflow's signature)
        """Run the step.

        Raises:
            StepFailedExit: It failed with an error of ours.
            AirflowSkipException: There was nothing to do.
            AirflowRescheduleException: It has to wait.
        """
        try:
            run_step(self.step, self.spec, self.project_folder)
        except CoinPipelinesError as error:
            _log.debug("where it failed", exc_info=True)
            raise StepFailedExit(error) from None

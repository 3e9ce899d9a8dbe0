"""The notifier of runs that miss their deadline."""

import logging
import os
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

if TYPE_CHECKING:
    from airflow.sdk import Context

_SCHEDULED = "scheduled"
_log = logging.getLogger(__name__)


class LateRunNotifier(BaseNotifier):
    """Notifies operators of a scheduled run that hasn't ended by its deadline.

    The scheduler has an executor run it, so it runs where tasks run. Backfills and runs that somebody started
    are never late: their moments lie in the past anyway.
    """

    def notify(self, context: "Context") -> None:
        """Notify of the late run.

        Raises:
            CoinPipelinesError: A channel missed it, or a variable that ops alerts need is unusable.
        """
        from pipeline_lib.airflow.context import default_project_folder, late_run_of
        from pipeline_lib.airflow.masking import mask_environment
        from pipeline_lib.ops.alerts import OpsAlerts

        # What Airflow hands to a deadline's callback is JSON, not a task's context.
        deadline: Any = context
        if deadline["dag_run"]["run_type"] != _SCHEDULED:
            _log.info("run %s is late, but nobody scheduled it", deadline["dag_run"]["dag_run_id"])
            return
        mask_environment(os.environ)
        operators = OpsAlerts.from_environment(os.environ, project_folder=default_project_folder())
        operators.run_is_late(*late_run_of(deadline))

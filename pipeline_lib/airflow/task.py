"""How a step runs inside a task: the run from Airflow's context, services from Airflow's connections.

``dag.py`` imports this while a DAG file is parsed, so the steps come in when a task runs.
"""

import logging
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException

from pipeline_lib.airflow.masking import mask, mask_environment
from pipeline_lib.common.redacted_logs import CLIENT_LOGGERS, redacted_logs
from pipeline_lib.common.secret import Secret
from pipeline_lib.common.waiting import Rescheduling
from pipeline_lib.errors import CoinPipelinesError, DatabaseUnsafeError, WaitNeededError
from pipeline_lib.model.outcome import Outcome, Skipped
from pipeline_lib.settings import Settings, secrets_of
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from pipeline_lib.database.engine.prepared import PreparedDatabase
    from pipeline_lib.steps import Run, Services, Step

_log = logging.getLogger(__name__)

_EXECUTORS_OF_ONE_MACHINE = ("LocalExecutor", "SequentialExecutor")


def run_step(step_name: str, spec: PipelineSpec, project_folder: Path) -> None:
    """Run one step of a pipeline inside an Airflow task.

    Args:
        step_name: Name of the function in ``steps``.
        spec: The pipeline.
        project_folder: What ``dag_configs`` and ``data`` lie in unless the environment says otherwise.

    Raises:
        AirflowSkipException: There was nothing to do; the log says why.
        AirflowRescheduleException: The step has to wait; the log says for what and until when.
        CoinPipelinesError: The step failed.
    """
    from pipeline_lib import steps

    step: Step = getattr(steps, step_name)
    mask_environment(os.environ)
    secrets = [*secrets_of(os.environ)]
    with redacted_logs(CLIENT_LOGGERS, secrets):
        settings = Settings.from_environment(os.environ, project_folder=project_folder)
        services = _services(spec, settings, secrets)
        _refuse_shared_sqlite(services)
        try:
            with closing(services.database):
                outcome = step(spec, _current_run(), services)
                _notify_operators(outcome, project_folder, services.database)
        except WaitNeededError as needed:
            _log.info("%s; then this try goes on", needed)
            raise AirflowRescheduleException(needed.until) from None  # type: ignore[no-untyped-call] # Airflow's own gap
    if isinstance(outcome, Skipped):
        # Airflow would log the exception's text, in the part of the log that its page folds.
        _log.info("Skipped: %s", outcome.reason)
        raise AirflowSkipException
    for line in outcome.summary.splitlines():
        _log.info("%s", line)


def _refuse_shared_sqlite(services: "Services") -> None:
    """Refuse SQLite where tasks may run on other machines than this one."""
    executor = conf.get_mandatory_value("core", "executor")
    if services.database.is_sqlite and not executor.endswith(_EXECUTORS_OF_ONE_MACHINE):
        raise DatabaseUnsafeError(
            f"{executor} runs tasks on many machines, and SQLite is for one",
            hint="set DATABASE_URL to a PostgreSQL database that all of them reach",
        )


def _notify_operators(outcome: Outcome, project_folder: Path, database: "PreparedDatabase") -> None:
    """Notify operators of warnings, and of a step that works again after a failure.

    The step has done its work: what goes wrong here is logged, left to the next run, and fails no task.

    Args:
        outcome: The step's.
        project_folder: What ``data`` lies in unless the environment says otherwise.
        database: The step's, with the connection that it left.
    """
    from pipeline_lib.airflow.context import task_run_of
    from pipeline_lib.ops.alerts import OpsAlerts
    from pipeline_lib.ops.problem_record import ProblemRecord

    for warning in outcome.warnings:
        _log.warning(warning)
    try:
        operators = OpsAlerts.from_environment(os.environ, project_folder=project_folder)
        operators = replace(operators, record=ProblemRecord(lambda: database))
        operators.task_succeeded(task_run_of(get_current_context()), outcome)
    except (CoinPipelinesError, OSError):
        _log.exception("operators were not notified")


def _current_run() -> "Run":
    from pipeline_lib.airflow.context import moment_of, run_url_of
    from pipeline_lib.steps import Run

    context: Any = get_current_context()
    dag_run, task_instance = context["dag_run"], context["ti"]
    return Run(
        moment=moment_of(dag_run),
        url=run_url_of(task_instance.log_url),
        log_url=task_instance.log_url,
        is_backfill=dag_run.run_type == "backfill",
    )


def _services(spec: PipelineSpec, settings: Settings, secrets: list[Secret]) -> "Services":
    """Services by the settings and the connections that the spec names; those are looked up when needed.

    A webhook that is found is masked, and joins ``secrets``.
    """
    from pipeline_lib.airflow.connections import with_connections
    from pipeline_lib.steps import Services

    services = Services.from_settings(settings).for_pipeline(spec, os.environ)
    services = with_connections(replace(services, wait=_rescheduling(services.now)), spec)
    return replace(services, find_slack_webhook=_masked(services.find_slack_webhook, secrets))


def _rescheduling(now: Callable[[], datetime]) -> Rescheduling:
    """How the current task waits: at most for an hour from its try's first reschedule on."""
    context: Any = get_current_context()
    since = context["ti"].get_first_reschedule_date(context)
    return Rescheduling(now, context.get("task_reschedule_count", 0), since)


def _masked(find_webhook: Callable[[], Secret | None], secrets: list[Secret]) -> Callable[[], Secret | None]:
    def find_and_mask() -> Secret | None:
        webhook = find_webhook()
        if webhook:
            mask(webhook)
            secrets.append(webhook)
        return webhook

    return find_and_mask

"""A step as an Airflow task: the run from Airflow's context, services from Airflow's connections.

``dag.py`` imports this while a DAG file is parsed, so the steps come in when a task runs.
"""

import logging
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.sdk import Connection, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from pipeline_lib.airflow.masking import mask, mask_environment
from pipeline_lib.common.redacted_logs import CLIENT_LOGGERS, redacted_logs
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import CoinPipelinesError, DatabaseUnsafeError, SettingsError
from pipeline_lib.model.outcome import Outcome, Skipped
from pipeline_lib.settings import Settings, is_safe_url, secrets_of
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from pipeline_lib.database.engine.prepared import PreparedDatabase
    from pipeline_lib.publishing.s3.objects import S3Account
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
        AirflowSkipException: There was nothing to do; the text says why.
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
        with closing(services.database):
            outcome = step(spec, _current_run(), services)
            _notify_operators(outcome, project_folder, services.database)
    if isinstance(outcome, Skipped):
        raise AirflowSkipException(outcome.reason)
    _log.info(outcome.summary)


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
    from pipeline_lib.steps import Services

    services = Services.from_settings(settings).for_pipeline(spec, os.environ)
    if spec.alerts.connection:
        slack_connection = spec.alerts.connection
        services = replace(services, find_slack_webhook=lambda: _webhook_of(slack_connection))
    if spec.s3 and spec.s3.connection:
        s3_connection = spec.s3.connection
        services = replace(services, open_s3_account=lambda: _s3_account_of(s3_connection))
    return replace(services, find_slack_webhook=_masked(services.find_slack_webhook, secrets))


def _masked(find_webhook: Callable[[], Secret | None], secrets: list[Secret]) -> Callable[[], Secret | None]:
    def find_and_mask() -> Secret | None:
        webhook = find_webhook()
        if webhook:
            mask(webhook)
            secrets.append(webhook)
        return webhook

    return find_and_mask


def _webhook_of(connection_id: str) -> Secret:
    """The webhook of a connection: the whole address as its password, or host and token apart."""
    connection = Connection.get(connection_id)
    host, token = connection.host or "", connection.password or ""
    url = token if "://" in token else f"{host.rstrip('/')}/{token.lstrip('/')}"
    if not is_safe_url(url):
        raise SettingsError(
            f"the connection {connection_id}",
            "holds no https address",
            hint="put the whole webhook into its password, or https://hooks.slack.com/services into its host",
        )
    return Secret(url)


def _s3_account_of(connection_id: str) -> "S3Account":
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    from pipeline_lib.publishing.s3.objects import S3Account

    hook: AwsGenericHook[Any] = AwsGenericHook(aws_conn_id=connection_id, client_type="s3")
    return S3Account(hook.get_session(), hook.conn_config.get_service_endpoint_url("s3"))

"""``PipelineSpec`` → Airflow DAG: the only door to Airflow.

This module is imported whenever a DAG file is parsed, so it imports nothing heavy; the steps come in when a
task runs. Two builds of one spec serialize to the same bytes: nothing here reads a clock or the environment.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import (
    DAG,
    Asset,
    Connection,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    get_current_context,
    get_parsing_context,
)
from airflow.sdk.exceptions import AirflowSkipException
from airflow.sdk.log import mask_secret

from pipeline_lib.errors import InvalidSpecsError, PermanentError, SettingsError
from pipeline_lib.outcome import Skipped
from pipeline_lib.pipelines import load_pipelines
from pipeline_lib.secret import Secret
from pipeline_lib.settings import Settings, is_safe_url
from pipeline_lib.spec import Catalog, PipelineSpec, pipeline_name
from pipeline_lib.spec.yaml_writing import write_yaml
from pipeline_lib.timestamps import to_moment

if TYPE_CHECKING:
    from pipeline_lib.steps import Access, Run, Step
    from pipeline_lib.store.s3 import S3Account

_log = logging.getLogger(__name__)

_BACKOFF_FACTOR = 2.0
_LONGEST_RETRY_DELAY = timedelta(minutes=10)


def build_dags(project_folder: Path) -> Iterator[DAG]:
    """The DAG of every valid spec; while a task starts, only the one that the task belongs to.

    Args:
        project_folder: What ``dag_configs`` and ``data`` lie in unless the environment says otherwise.
    """
    settings = Settings.for_parsing(os.environ, project_folder=project_folder)
    wanted = get_parsing_context().dag_id
    if wanted is None:
        specs: tuple[PipelineSpec, ...] = load_pipelines(settings).specs
    else:
        name = pipeline_name(wanted)
        specs = (Catalog(settings.dag_configs_dir).load(name),) if name else ()
    for spec in specs:
        yield build_dag(spec, project_folder)


def refuse_invalid_specs(project_folder: Path) -> None:
    """Say what is wrong in any spec, as the import error of the DAG file that calls this.

    Raises:
        InvalidSpecsError: With everything that keeps a pipeline from running, of every file.
    """
    if get_parsing_context().dag_id is not None:
        return
    errors = load_pipelines(Settings.for_parsing(os.environ, project_folder=project_folder)).errors
    if errors:
        raise InvalidSpecsError(errors)


def build_dag(spec: PipelineSpec, project_folder: Path) -> DAG:
    """The DAG of one pipeline, complete, and registered nowhere.

    Args:
        spec: The pipeline.
        project_folder: Where tasks look for ``data`` unless the environment says otherwise; no part of what
            Airflow stores of the DAG.
    """
    dag = DAG(
        dag_id=spec.dag_id,
        description=spec.description,
        schedule=spec.schedule,
        start_date=spec.start_date,
        catchup=spec.catchup,
        max_active_runs=1,
        tags={"coin-pipelines", spec.coin, *spec.tags},
        doc_md=_documentation(spec),
        auto_register=False,
        default_args={
            "owner": spec.owner,
            "retries": spec.retries,
            "retry_delay": spec.retry_delay,
            "retry_exponential_backoff": _BACKOFF_FACTOR,
            "max_retry_delay": _LONGEST_RETRY_DELAY,
            "retry_policy": _retry_policy(),
            "execution_timeout": spec.timeout,
        },
    )

    def task(task_id: str, step_name: str, outlets: list[Asset] | None = None) -> PythonOperator:
        def run_step() -> None:
            _run_step(step_name, spec, project_folder)

        return PythonOperator(task_id=task_id, python_callable=run_step, outlets=outlets or [], dag=dag)

    fetch = task(f"fetch_and_save_{spec.coin}_price", "fetch_and_save_price", [Asset(f"{spec.name}_raw")])
    compute = task("compute_moving_average", "compute_moving_average", [Asset(f"{spec.name}_processed")])
    upload_processed = task("upload_processed_csv_to_s3", "upload_processed_csv_to_s3")
    alert = task("send_price_alerts", "send_price_alerts")
    upload_raw = task("upload_raw_to_s3", "upload_raw_to_s3")
    fetch >> compute >> upload_processed
    fetch >> [alert, upload_raw]
    return dag


def _retry_policy() -> ExceptionRetryPolicy:
    return ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception=PermanentError,
                action=RetryAction.FAIL,
                reason="the same try again can't succeed",
            )
        ]
    )


def _documentation(spec: PipelineSpec) -> str:
    effective = write_yaml(dict(spec.effective))
    return (
        f"### {spec.description}\n\n"
        f"Made from `{spec.name}.yaml`. With all defaults filled in, it says:\n\n"
        f"```yaml\n{effective}```\n"
    )


def _run_step(step_name: str, spec: PipelineSpec, project_folder: Path) -> None:
    from pipeline_lib import steps

    step: Step = getattr(steps, step_name)
    settings = Settings.from_environment(os.environ, project_folder=project_folder)
    outcome = step(spec, _current_run(), _access(spec, settings))
    if isinstance(outcome, Skipped):
        raise AirflowSkipException(outcome.reason)
    _log.info(outcome.summary)


def _current_run() -> "Run":
    from pipeline_lib.steps import Run

    context: Any = get_current_context()
    dag_run, task_instance = context["dag_run"], context["ti"]
    # A run that nobody scheduled may have no logical date; when it may run is then its moment.
    moment: datetime = dag_run.logical_date or dag_run.run_after
    return Run(
        moment=to_moment(moment),
        url=task_instance.log_url.partition("/tasks/")[0],
        is_backfill=dag_run.run_type == "backfill",
    )


def _access(spec: PipelineSpec, settings: Settings) -> "Access":
    """Access by the settings and the connections that the spec names; those are looked up when needed."""
    from pipeline_lib.steps import Access

    access = Access.from_settings(settings).for_pipeline(spec, os.environ)
    if settings.coingecko_api_key:
        mask_secret(settings.coingecko_api_key.reveal())
    if spec.slack_connection:
        slack_connection = spec.slack_connection
        access = replace(access, find_slack_webhook=lambda: _webhook_of(slack_connection))
    if spec.s3 and spec.s3.connection:
        s3_connection = spec.s3.connection
        access = replace(access, open_s3_account=lambda: _s3_account_of(s3_connection))
    return replace(access, find_slack_webhook=_masked(access.find_slack_webhook))


def _masked(find_webhook: Callable[[], Secret | None]) -> Callable[[], Secret | None]:
    def find_and_mask() -> Secret | None:
        webhook = find_webhook()
        if webhook:
            mask_secret(webhook.reveal())
            # urllib3 logs host and path apart.
            mask_secret(urlsplit(webhook.reveal()).path)
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

    from pipeline_lib.store.s3 import S3Account

    hook: AwsGenericHook[Any] = AwsGenericHook(aws_conn_id=connection_id, client_type="s3")
    return S3Account(hook.get_session(), hook.conn_config.get_service_endpoint_url("s3"))

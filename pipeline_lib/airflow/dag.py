"""``PipelineSpec`` → Airflow DAG.

This module is imported whenever a DAG file is parsed, so it imports nothing heavy; the steps come in when a
task runs. Two builds of one spec serialize to the same bytes: none reads a clock, and of the environment only
where specs lie and when a run is late.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.sdk import (
    DAG,
    Asset,
    CronTriggerTimetable,
    RetryDecision,
    RetryPolicy,
    get_parsing_context,
)
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from pipeline_lib.airflow.changed_specs import announced
from pipeline_lib.airflow.notifiers.log_ending import end_log_of_failure, end_log_of_try
from pipeline_lib.airflow.notifiers.task_failure import TaskFailureNotifier
from pipeline_lib.airflow.step_operator import StepOperator, raised_by_step
from pipeline_lib.errors import InvalidSpecsError, PermanentError, TemporaryError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, Coins, OneCoin, PipelineSpec, Schedule, pipeline_name
from pipeline_lib.specs.pipelines import load_pipelines
from pipeline_lib.specs.yaml.writing import write_yaml

_BACKOFF_FACTOR = 2.0
_LONGEST_RETRY_DELAY = timedelta(minutes=10)
_LONGEST_WAIT_ASKED_FOR = timedelta(hours=1)
_MOST_DOUBLINGS = 10
_MOST_COIN_TAGS = 10


def build_dags(project_folder: Path) -> Iterator[DAG]:
    """The DAG of every valid spec; while a task starts, only the one that the task belongs to.

    In a parse that follows a change of specs, only the DAGs of those.

    Args:
        project_folder: What ``dag_configs`` and ``data`` lie in unless the environment says otherwise.
    """
    settings = Settings.for_parsing(os.environ, project_folder=project_folder)
    wanted = get_parsing_context().dag_id
    if wanted is None:
        specs: Sequence[PipelineSpec] = load_pipelines(settings).specs
        changed = announced(os.environ, time.monotonic())
        if changed is not None:
            specs = [spec for spec in specs if spec.name in changed]
    else:
        name = pipeline_name(wanted)
        specs = (Catalog(settings.dag_configs_dir).load(name),) if name else ()
    for spec in specs:
        yield build_dag(spec, project_folder, settings.pipeline_deadline)


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


def build_dag(spec: PipelineSpec, project_folder: Path, run_deadline: timedelta | None = None) -> DAG:
    """The DAG of one pipeline, complete, and registered nowhere.

    Args:
        spec: The pipeline.
        project_folder: Where tasks look for ``data`` unless the environment says otherwise; no part of what
            Airflow stores of the DAG.
        run_deadline: When a scheduled run that hasn't ended is late, from its moment on, or None for never.
    """
    dag = DAG(
        dag_id=spec.dag_id,
        description=spec.description,
        schedule=_timetable(spec.schedule),
        start_date=spec.start_date,
        catchup=spec.catchup,
        max_active_runs=1,
        tags={"coin-pipelines", *_coin_tags(spec.coins), *spec.tags},
        doc_md=_documentation(spec),
        auto_register=False,
        deadline=_deadline(run_deadline),
        **_settings_of_airflow(),
        default_args={
            "owner": spec.owner,
            "retries": spec.retries,
            "retry_delay": spec.retry_delay,
            "retry_exponential_backoff": _BACKOFF_FACTOR,
            "max_retry_delay": _LONGEST_RETRY_DELAY,
            "retry_policy": _RetryByError(spec.retry_delay),
            "execution_timeout": spec.timeout,
        },
    )

    tell_operators = TaskFailureNotifier(project_folder)

    def task(task_id: str, step: str, outlets: list[Asset] | None = None) -> StepOperator:
        return StepOperator(
            task_id=task_id,
            step=step,
            spec=spec,
            project_folder=project_folder,
            outlets=outlets or [],
            # Lists, to which a cluster policy may add notifiers.
            on_failure_callback=[tell_operators, end_log_of_failure],
            on_retry_callback=[end_log_of_try],
            dag=dag,
        )

    fetch = task(_fetch_task_id(spec.coins), "fetch_and_save_price", [Asset(f"{spec.name}_raw")])
    compute = task("compute_moving_average", "compute_moving_average", [Asset(f"{spec.name}_processed")])
    fetch >> [compute, task("send_price_alerts", "send_price_alerts")]
    if spec.s3:
        compute >> task("upload_processed_csv_to_s3", "upload_processed_csv_to_s3")
        fetch >> task("upload_raw_to_s3", "upload_raw_to_s3")
    return dag


def _fetch_task_id(coins: Coins) -> str:
    return f"fetch_and_save_{coins.coin}_price" if isinstance(coins, OneCoin) else "fetch_and_save_prices"


def _coin_tags(coins: Coins) -> tuple[str, ...]:
    # Hundreds of coins would bury every other tag.
    return coins.named if len(coins.named) <= _MOST_COIN_TAGS else ()


@cache
def _settings_of_airflow() -> dict[str, Any]:
    """What Airflow would look up for each DAG anew, which takes as long as to read its spec."""
    return {
        "max_active_tasks": conf.getint("core", "max_active_tasks_per_dag"),
        "max_consecutive_failed_dag_runs": conf.getint("core", "max_consecutive_failed_dag_runs_per_dag"),
        "disable_bundle_versioning": conf.getboolean("dag_processor", "disable_bundle_versioning"),
    }


@cache
def _timetable(schedule: Schedule) -> CronTriggerTimetable:
    """Runs at the moments of a schedule, whatever ``[scheduler] create_cron_data_intervals`` says."""
    return CronTriggerTimetable(schedule.expression, timezone=schedule.timezone)


@dataclass(frozen=True, slots=True)
class _RetryByError(RetryPolicy):
    """Retries what can succeed, and not before the time that the other side asks for.

    Airflow stores only that there is a policy, so nothing of it is part of a serialized DAG; and it counts
    every retry against the task's ``retries``, however long the wait.

    Attributes:
        retry_delay: Airflow's own wait before the first retry.
    """

    retry_delay: timedelta

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,  # noqa: ARG002 (Airflow's signature)
        context: object = None,  # noqa: ARG002
    ) -> RetryDecision:
        """What Airflow does about a failed try."""
        error = raised_by_step(exception)
        if isinstance(error, PermanentError):
            return RetryDecision.fail("the same try again can't succeed")
        asked = error.retry_after if isinstance(error, TemporaryError) else None
        if asked is None or asked <= self._shortest_wait(try_number).total_seconds():
            return RetryDecision.default()
        wait = timedelta(seconds=min(asked, _LONGEST_WAIT_ASKED_FOR.total_seconds()))
        return RetryDecision.retry(wait, f"the other side asks to wait for {asked:.0f} s")

    def _shortest_wait(self, try_number: int) -> timedelta:
        """The shortest wait of Airflow's exponential backoff, which adds up to as much again."""
        waits = self.retry_delay.total_seconds() * _BACKOFF_FACTOR ** min(try_number - 1, _MOST_DOUBLINGS)
        return min(timedelta(seconds=waits), _LONGEST_RETRY_DELAY)


def _deadline(run_deadline: timedelta | None) -> DeadlineAlert | None:
    if run_deadline is None:
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=run_deadline,
        callback=SyncCallback("pipeline_lib.airflow.notifiers.late_run.LateRunNotifier"),
    )


def _documentation(spec: PipelineSpec) -> str:
    effective = write_yaml(dict(spec.effective))
    return (
        f"### {spec.description}\n\n"
        f"Made from `{spec.name}.yaml`. With all defaults filled in, it says:\n\n"
        f"```yaml\n{effective}```\n"
    )

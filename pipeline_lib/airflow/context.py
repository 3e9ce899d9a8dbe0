"""What Airflow says of a task and its run, in this package's words."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow.configuration import conf

from pipeline_lib.airflow.step_operator import raised_by_step
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.ops.notices import Link, TaskFailure, TaskRun
from pipeline_lib.specs import pipeline_name


def moment_of(dag_run: Any) -> datetime:  # noqa: ANN401 (Airflow has several classes of it)
    """A run's moment: its logical date, or for one without, when it may run."""
    return to_moment(dag_run.logical_date or dag_run.run_after)


def task_run_of(context: Any) -> TaskRun:  # noqa: ANN401 (Airflow's own type differs from place to place)
    """The task and the run of a task's context."""
    task_instance = context["ti"]
    log_url = task_instance.log_url
    return TaskRun(
        pipeline=pipeline_name(task_instance.dag_id) or task_instance.dag_id,
        task=task_instance.task_id,
        moment=moment_of(context["dag_run"]),
        links=(Link("log", log_url), Link("run", run_url_of(log_url))),
    )


def failure_of(context: Any) -> TaskFailure:  # noqa: ANN401 (as above)
    """The failure of a task's context."""
    task_instance, error = context["ti"], raised_by_step(context.get("exception"))
    return TaskFailure(
        run=task_run_of(context),
        error=error if isinstance(error, BaseException) else None,
        try_number=task_instance.try_number,
        tries=task_instance.max_tries + 1,
    )


def run_url_of(log_url: str) -> str:
    """The page of the run that a log belongs to."""
    return log_url.partition("/tasks/")[0]


def late_run_of(context: Any) -> tuple[TaskRun, datetime]:  # noqa: ANN401 (JSON)
    """The run of a deadline's context, and when it was due."""
    dag_run = context["dag_run"]
    dag_id, run_id = dag_run["dag_id"], dag_run["dag_run_id"]
    base_url = conf.get("api", "base_url", fallback="/").rstrip("/")
    run = TaskRun(
        pipeline=pipeline_name(dag_id) or dag_id,
        task="",
        moment=_parse_time(dag_run["logical_date"] or dag_run["run_after"]),
        links=(Link("run", f"{base_url}/dags/{dag_id}/runs/{quote(run_id)}"),),
    )
    return run, _parse_time(context["deadline"]["deadline_time"])


def default_project_folder() -> Path:
    """The folder that ``dags`` lies in, for what runs outside a DAG file."""
    return Path(conf.get_mandatory_value("core", "dags_folder")).parent


def _parse_time(value: datetime | str) -> datetime:
    """A time as Airflow hands it to a deadline's callback: text, or a time by then."""
    return to_moment(datetime.fromisoformat(value) if isinstance(value, str) else value)

"""What the demo asks of Airflow, over its REST API."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import requests  # noqa: TID253 (no DAG file imports this)

from local_stack.airflow_rest import AirflowRest
from local_stack.embedded_airflow import PASSWORD, USER

_TIMEOUT_SECONDS = 10.0
_SECONDS_BETWEEN_LOOKS = 0.5
_COMPONENTS = ("metadatabase", "scheduler", "dag_processor")
_ENDED = ("success", "skipped")
_FAILED = ("failed", "up_for_retry", "upstream_failed")


class AirflowNotReadyError(Exception):
    """Airflow ended, or took too long."""


class TaskFailedError(Exception):
    """A task of a run failed; the text says which and why."""


@dataclass(frozen=True, slots=True)
class AirflowApi:
    """A REST client that waits.

    Attributes:
        url: Airflow's address.
        has_ended: Tells that there is nothing left to wait for.
    """

    url: str
    has_ended: Callable[[], bool]

    def wait_until_healthy(self, seconds: float) -> None:
        """Wait until the UI answers, and the components that run pipelines work.

        Raises:
            AirflowNotReadyError: They don't after ``seconds``, or Airflow ended.
        """

        def is_healthy() -> bool:
            health = self._rest.get("/api/v2/monitor/health") or {}
            return all(health.get(name, {}).get("status") == "healthy" for name in _COMPONENTS)

        self._wait(is_healthy, seconds, "a healthy Airflow")

    def wait_for_dag(self, dag_id: str, seconds: float) -> None:
        """Wait until the DAG can be run.

        Raises:
            AirflowNotReadyError: It can't after ``seconds``, or Airflow ended.
        """
        self._wait(lambda: self._rest.get(f"/api/v2/dags/{dag_id}") is not None, seconds, f"the DAG {dag_id}")

    def unpause(self, dag_id: str) -> None:
        """Switch a DAG on."""
        response = requests.patch(
            f"{self.url}/api/v2/dags/{dag_id}",
            json={"is_paused": False},
            headers=self._rest.headers(),
            timeout=_TIMEOUT_SECONDS,
        )
        response.raise_for_status()

    def wait_for_scheduled_run(self, dag_id: str, moment: datetime, seconds: float) -> str:
        """Wait until the scheduler has made the run of ``moment``; its id.

        Raises:
            AirflowNotReadyError: It hasn't after ``seconds``, or Airflow ended.
        """
        run_id = f"scheduled__{moment.isoformat()}"
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}"
        self._wait(lambda: self._rest.get(path) is not None, seconds, f"the run {run_id}")
        return run_id

    def next_run(self, dag_id: str) -> str:
        """When the scheduler runs a DAG next, as Airflow writes it; empty when it doesn't know."""
        dag = self._rest.get(f"/api/v2/dags/{dag_id}") or {}
        return dag.get("next_dagrun_run_after") or ""

    def wait_for_run(
        self, dag_id: str, run_id: str, seconds: float, on_task: Callable[[str, str], None]
    ) -> None:
        """Wait for the successful end of a run.

        Args:
            dag_id: The DAG.
            run_id: Its run.
            seconds: How long it may take.
            on_task: Told each task's id and end state, once.

        Raises:
            TaskFailedError: A task failed, also when it would be tried again.
            AirflowNotReadyError: The run hasn't ended after ``seconds``, or Airflow ended.
        """
        told: set[str] = set()
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}"

        def has_finished() -> bool:
            # The run first: once it has ended, so have its tasks.
            run = self._rest.get(path)
            tasks = self._rest.get(f"{path}/taskInstances")
            if run is None or tasks is None:
                return False
            for task in tasks["task_instances"]:
                if task["state"] in _FAILED:
                    reason = self._failure(f"{path}/taskInstances/{task['task_id']}", task["try_number"])
                    raise TaskFailedError(f"{task['task_id']}: {reason}")
                if task["state"] in _ENDED and task["task_id"] not in told:
                    told.add(task["task_id"])
                    on_task(task["task_id"], task["state"])
            return run["state"] in ("success", "failed")

        self._wait(has_finished, seconds, f"the end of {run_id}")

    def _failure(self, task_path: str, try_number: int) -> str:
        log = self._rest.get(f"{task_path}/logs/{try_number}?full_content=true")
        details = [
            detail
            for line in (log or {}).get("content", [])
            for detail in line.get("error_detail", [])
            if isinstance(line, dict)
        ]
        return f"{details[0]['exc_type']}: {details[0]['exc_value']}" if details else "no reason in its log"

    @property
    def _rest(self) -> AirflowRest:
        return AirflowRest(self.url, USER, PASSWORD, _TIMEOUT_SECONDS)

    def _wait(self, is_there: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not is_there():
            if self.has_ended():
                raise AirflowNotReadyError(f"Airflow ended while waiting for {what}")
            if time.monotonic() > deadline:
                raise AirflowNotReadyError(f"{what} wasn't there after {seconds:g} s")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

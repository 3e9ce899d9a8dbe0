"""Airflow's REST API, asked with a token, by someone who expects outages."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import requests

from local_stack.airflow_rest import AirflowRest
from pipeline_lib.common.timestamps import format_moment
from tests.stack.waiting import wait_until


@dataclass(frozen=True)
class RestApi(AirflowRest):
    user: str = "admin"
    password: str = "admin"
    timeout_seconds: float = 20.0

    def trigger(self, dag_id: str, moment: datetime) -> str:
        """Start a run; its id."""
        response = requests.post(
            f"{self.url}/api/v2/dags/{dag_id}/dagRuns",
            json={"logical_date": format_moment(moment)},
            headers=self.headers(),
            timeout=self.timeout_seconds,
        )
        assert response.status_code == HTTPStatus.OK, response.text
        run_id: str = response.json()["dag_run_id"]
        return run_id

    def wait_for_dag(self, dag_id: str) -> None:
        wait_until(lambda: self.get(f"/api/v2/dags/{dag_id}") is not None, f"the DAG {dag_id}")

    def wait_for_success(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Wait for the end of a run; its tasks."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"

        def has_ended() -> bool:
            return (self.get(path) or {}).get("state") in ("success", "failed")

        wait_until(has_ended, f"the end of {run_id}")
        run, tasks = self.get(path), self.tasks(dag_id, run_id)
        states = {task["task_id"]: task["state"] for task in tasks}
        assert run is not None
        assert run["state"] == "success", states
        return tasks

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's tasks, each with its state, the number of its try, and its host; none in an outage."""
        answer = self.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        return list(answer["task_instances"]) if answer else []

    def wait_for_state(self, dag_id: str, run_id: str, task_id: str, *states: str) -> dict[str, Any]:
        """Wait until a task is in one of the states."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [
                task
                for task in self.tasks(dag_id, run_id)
                if task["task_id"] == task_id and task["state"] in states
            ]
            return bool(found)

        wait_until(is_there, f"{task_id} in state {' or '.join(states)}")
        return found[0]

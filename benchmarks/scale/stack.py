"""Airflow on this machine as ``make up`` starts it, with PostgreSQL for it and for the pipelines."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
import requests  # noqa: TID253 (no DAG file imports this)

from benchmarks import processes
from benchmarks.databases import empty_databases
from benchmarks.scale.meter import Meter
from local_stack.airflow_api import AirflowApi
from local_stack.airflow_rest import AirflowRest
from local_stack.embedded_airflow import PASSWORD, USER, AirflowPlace, EmbeddedAirflow
from local_stack.ports import free_port
from pipeline_lib.common.secret import Secret

_PROJECT = Path(__file__).resolve().parents[2]
# Has Airflow's processes import what tasks need, as in the Docker stack.
_LOCAL_SETTINGS = _PROJECT / "deploy" / "docker" / "config"
_SECONDS_TO_START = 180.0
_SECONDS_BETWEEN_LOOKS = 1.0
_ALL = "~"


@dataclass(frozen=True)
class Stack:
    """Airflow with its databases.

    Attributes:
        url: Airflow's address.
        data: What the pipelines write.
        logs: Of tasks.
        airflow_database: The address of Airflow's own database.
        pipelines_database: The address of the pipelines' database.
        meter: Its CPU time.
    """

    url: str
    data: Path
    logs: Path
    airflow_database: str
    pipelines_database: str
    meter: Meter

    def wait_for_dags(self, count: int) -> float:
        """Wait until Airflow has so many, and say how many seconds that took."""
        began = time.monotonic()
        while self._count("SELECT count(*) FROM dag WHERE NOT is_stale") < count:
            if time.monotonic() - began > _SECONDS_TO_START:
                raise SystemExit(f"there weren't {count} DAGs after {_SECONDS_TO_START:.0f} s")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return time.monotonic() - began

    def unpause_all(self) -> None:
        """Switch all pipelines on, in one request."""
        requests.patch(
            f"{self.url}/api/v2/dags",
            params={"dag_id_pattern": _ALL},
            json={"is_paused": False},
            headers=AirflowRest(self.url, USER, PASSWORD, _SECONDS_TO_START).headers(),
            timeout=_SECONDS_TO_START,
        ).raise_for_status()

    def wait_for_runs(self, moment: datetime, count: int, seconds: float) -> Mapping[str, int]:
        """Wait until so many runs of a moment have ended, and count them by state.

        Args:
            moment: The logical date.
            count: How many runs there are to be.
            seconds: After how long to wait no more.
        """
        query = "SELECT state, count(*) FROM dag_run WHERE logical_date = %s GROUP BY state"
        deadline = time.monotonic() + seconds
        with closing(psycopg.connect(self.airflow_database, autocommit=True)) as connection:
            while True:
                states = {str(state): int(number) for state, number in connection.execute(query, [moment])}
                ended = states.get("success", 0) + states.get("failed", 0)
                if ended == count or time.monotonic() > deadline:
                    return states
                time.sleep(_SECONDS_BETWEEN_LOOKS)

    def end_of_last_run(self, moment: datetime) -> datetime:
        """When the last run of a moment ended."""
        with closing(psycopg.connect(self.airflow_database)) as connection:
            query = "SELECT max(end_date) FROM dag_run WHERE logical_date = %s"
            row = connection.execute(query, [moment]).fetchone()
        if row is None or row[0] is None:
            raise SystemExit(f"no run of {moment} has ended")
        end: datetime = row[0]
        return end

    def imperfect_tasks(self) -> int:
        """How many tasks failed, or needed another try."""
        query = (
            "SELECT count(*) FROM task_instance"
            " WHERE state NOT IN ('success', 'skipped') OR state IS NULL OR try_number > 1"
        )
        return self._count(query)

    def _count(self, query: str) -> int:
        with closing(psycopg.connect(self.airflow_database)) as connection:
            row = connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def stack(folder: Path, environment: Mapping[str, str]) -> Iterator[Stack]:
    """Start everything; it ends with the context.

    Args:
        folder: For Airflow's files and, in ``data``, those of the pipelines.
        environment: What the pipelines are to know besides.
    """
    place = AirflowPlace(_PROJECT, folder / "airflow", free_port())
    with empty_databases("PostgreSQL", 2) as addresses:
        own, ours = (address.reveal() for address in addresses)
        extra = {
            **environment,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": own.replace("postgresql://", "postgresql+psycopg2://"),
            "DATABASE_URL": ours,
            "DATA_DIR": str(folder / "data"),
            "DAG_CONFIGS_DIR": str(folder / "dag_configs"),
            # As in the Docker stack.
            "LOCAL_FILES": "1",
            "PYTHONPATH": f"{_LOCAL_SETTINGS}:{_PROJECT}",
        }
        _migrate(place, extra)
        with EmbeddedAirflow(place, extra) as airflow:
            AirflowApi(place.url, lambda: airflow.has_ended).wait_until_healthy(_SECONDS_TO_START)
            meter = Meter(airflow.pid, _server_of(addresses[0]))
            yield Stack(place.url, folder / "data", place.home / "logs", own, ours, meter)


def _migrate(place: AirflowPlace, extra: Mapping[str, str]) -> None:
    """Make the pipelines' tables; Airflow makes its own when it starts."""
    subprocess.run(
        [sys.executable, "-m", "pipeline_lib.cli", "database", "upgrade"],
        check=True,
        cwd=_PROJECT,
        env=place.environment(extra),
        stdout=subprocess.DEVNULL,
    )


def _server_of(address: Secret) -> int:
    with closing(psycopg.connect(address.reveal())) as connection:
        return processes.parent_of(connection.info.backend_pid)

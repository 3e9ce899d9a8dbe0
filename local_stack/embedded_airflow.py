"""Airflow on this machine with its embedded defaults: SQLite, LocalExecutor, one session of processes."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from local_stack.airflow_session import SECONDS_TO_STOP, end_session, exposed_addresses

_PASSWORD_FILE = "passwords.json"  # noqa: S105 (a file's name)
_SECONDS_TO_LOOK_AROUND = 5.0
_PARALLEL_TASKS = 4
_BUNDLE = {
    "name": "dags-folder",
    "classpath": "pipeline_lib.airflow.bundle.PipelinesDagBundle",
    "kwargs": {"refresh_interval": 5},
}

USER = "admin"
PASSWORD = "admin"  # noqa: S105 (the documented login of a stack that listens on loopback only)


@dataclass(frozen=True, slots=True)
class AirflowPlace:
    """Where an embedded Airflow lives.

    Attributes:
        project: The folder that holds ``dags``.
        home: Its own folder, for the database, logs and settings.
        port: Of the UI and the API, on 127.0.0.1.
    """

    project: Path
    home: Path
    port: int

    @property
    def url(self) -> str:
        """The UI, without a slash at the end."""
        return f"http://localhost:{self.port}"

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The variables that its processes run with; ``extra`` goes before all others."""
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.project / "dags"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "pipeline_lib.airflow.executor.BoundedLocalExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": str(_PARALLEL_TASKS),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / _PASSWORD_FILE),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            # As in docker-compose.yaml: changed specs are parsed within seconds, others every 10 minutes.
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([_BUNDLE]),
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
            "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "3600",
            **extra,
        }

    def prepare(self) -> None:
        """Make the folder and the password file."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / _PASSWORD_FILE).write_text(json.dumps({USER: PASSWORD}) + "\n", encoding="utf-8")


class EmbeddedAirflow:
    """Airflow's components while the context is open; their output goes to ``airflow.log`` in its home.

    They end with this process even when that is killed.
    """

    def __init__(self, place: AirflowPlace, extra_environment: Mapping[str, str]) -> None:
        self.log = place.home / "airflow.log"
        self._place = place
        self._extra_environment = extra_environment
        self._session: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._place.prepare()
        with self.log.open("wb") as log:
            self._session = subprocess.Popen(
                [sys.executable, "-m", "local_stack.airflow_session"],
                cwd=self._place.project,
                env=self._place.environment(self._extra_environment),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        session = self._session
        if session is None or session.stdin is None:
            return
        session.stdin.close()
        try:
            session.wait(2 * SECONDS_TO_STOP + _SECONDS_TO_LOOK_AROUND)
        except subprocess.TimeoutExpired:
            session.kill()
        # In case that it was killed before its work was done.
        end_session(session.pid, SECONDS_TO_STOP)

    @property
    def pid(self) -> int:
        """The process whose children are Airflow's components; 0 before it starts."""
        return self._session.pid if self._session else 0

    @property
    def exposed_addresses(self) -> list[str]:
        """Where it listens that other machines may reach; empty, unless Airflow opened a port unasked."""
        return exposed_addresses(self._session.pid) if self._session else []

    @property
    def has_ended(self) -> bool:
        """Whether Airflow stopped by itself."""
        return self._session is not None and self._session.poll() is not None

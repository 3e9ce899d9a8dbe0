"""Airflow on this machine with its embedded defaults: SQLite, LocalExecutor, one process group."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_PASSWORD_FILE = "passwords.json"  # noqa: S105 (a file's name)
_SECONDS_TO_STOP = 15.0
_SECONDS_BETWEEN_LOOKS = 0.1
_NO_SIGNAL = 0
_PARALLEL_TASKS = 4
_BUNDLE = {
    "name": "dags-folder",
    "classpath": "pipeline_lib.airflow.bundle.PipelinesDagBundle",
    "kwargs": {"refresh_interval": 5},
}

PORT = 8080
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
    """``airflow standalone`` while the context is open; its output goes to ``airflow.log`` in its home."""

    def __init__(self, place: AirflowPlace, extra_environment: Mapping[str, str]) -> None:
        self.log = place.home / "airflow.log"
        self._place = place
        self._extra_environment = extra_environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._place.prepare()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "airflow", "standalone"],
                cwd=self._place.project,
                env=self._place.environment(self._extra_environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own, so that all its children can be stopped with it.
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            # The whole group: a component may outlive the parent that started it.
            _signal_group(self._process.pid, number)
            if _has_group_ended_in_time(self._process):
                return

    @property
    def has_ended(self) -> bool:
        """Whether Airflow stopped by itself."""
        return self._process is not None and self._process.poll() is not None


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether nobody listens on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; whether there still is one."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _has_group_ended_in_time(process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _SECONDS_TO_STOP
    while time.monotonic() < deadline:
        if process.poll() is not None and not _signal_group(process.pid, _NO_SIGNAL):
            return True
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return False

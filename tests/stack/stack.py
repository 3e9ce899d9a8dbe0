"""A stack of its own for the tests: a folder with what ``docker compose up`` reads, and commands in it."""

import io
import os
import shutil
import socket
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.stack.docker import run_docker
from tests.stack.waiting import wait_until
from tests.stack.world import COINGECKO_URL, S3_ENVIRONMENT, SLACK_URL

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
_AIRFLOW_IN_THE_IMAGE = 50000
_DATA_IN_A_CONTAINER = "/opt/airflow/data"
_WORKERS = 2


@dataclass(frozen=True)
class Stack:
    """One stack, in a folder of its own; nothing of this machine's ``.env`` or ``data/`` is in it."""

    folder: Path
    executor: str
    port: int
    name: str = "coin-pipelines-test"

    @property
    def task_service(self) -> str:
        """The service whose containers run tasks."""
        return "airflow-worker" if self.executor == "celery" else "airflow-scheduler"

    @property
    def user_id(self) -> int:
        """Whose the files in ``data/`` are: ours, unless we are root."""
        return os.getuid() or _AIRFLOW_IN_THE_IMAGE

    def lay_out(self) -> None:
        self.bring_files_of(PROJECT)
        shutil.copytree(HERE / "dag_configs", self.folder / "dag_configs")
        shutil.copy(HERE / "in_the_world.yaml", self.folder / "docker-compose.override.yaml")
        shutil.copy(HERE / "small_disk.yaml", self.folder)
        for name in ("data", "aws"):
            (self.folder / name).mkdir()
        lines = (f"{name}={value}\n" for name, value in self._settings().items())
        (self.folder / ".env").write_text("".join(lines), encoding="utf-8")

    def bring_files_of(self, project: Path) -> None:
        """Put the files of a version of the project in place, over those of another version."""
        for name in ("dags", "schemas"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.copytree(project / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(project / "docker-compose.yaml", self.folder)

    def _settings(self) -> dict[str, str]:
        settings = {
            "COMPOSE_PROJECT_NAME": self.name,
            "AIRFLOW_UID": str(self.user_id),
            "AIRFLOW_PORT": str(self.port),
            "AWS_FOLDER": str(self.folder / "aws"),
            "COINGECKO_BASE_URL": COINGECKO_URL,
            "SLACK_WEBHOOK_URL": SLACK_URL,
            **S3_ENVIRONMENT,
            # Only runs that are asked for: the simulated market stands at one hour, not at today's.
            "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            # So that a test needn't wait five minutes until a task counts as dead.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "180",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
        }
        if self.executor == "celery":
            settings |= {"AIRFLOW_EXECUTOR": "CeleryExecutor", "COMPOSE_PROFILES": "celery"}
        return settings

    def up(self, *files: str) -> None:
        """Start everything and wait until it is healthy; ``files`` change what docker-compose.yaml says."""
        scale = (f"--scale=airflow-worker={_WORKERS}",) if self.executor == "celery" else ()
        self.compose("up", "--detach", "--wait", "--wait-timeout=600", *scale, files=files)

    def compose(self, *arguments: str, files: tuple[str, ...] = ()) -> str:
        """Run ``docker compose``; its standard output."""
        finished = self.try_compose(*arguments, files=files)
        assert finished.returncode == 0, f"docker compose {' '.join(arguments)}\n{finished.stderr.decode()}"
        return finished.stdout.decode()

    def try_compose(
        self, *arguments: str, files: tuple[str, ...] = (), standard_input: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``docker compose``, whatever comes of it."""
        usual = ("docker-compose.yaml", "docker-compose.override.yaml") if files else ()
        options = [f"--file={name}" for name in (*usual, *files)]
        return run_docker("compose", *options, *arguments, folder=self.folder, standard_input=standard_input)

    def containers(self, service: str) -> list[str]:
        """Ids of a service's containers."""
        return self.compose("ps", "--quiet", service).split()

    def kill_main_process(self, service: str, container: str) -> None:
        """Kill what a container runs, from within: what Docker itself kills, it doesn't start again."""
        before = self._started_at(container)
        script = "kill -KILL $(cat /proc/1/task/1/children)"
        run_docker("exec", container, "bash", "-c", script, folder=self.folder)
        wait_until(lambda: self._started_at(container) > before, f"{service} started again")

    def _started_at(self, container: str) -> str:
        answer = run_docker("inspect", "--format={{.State.StartedAt}}", container, folder=self.folder)
        return answer.stdout.decode()

    def kill_processes(self, container: str, title: str) -> int:
        """Kill what runs under a title; how many there were."""
        script = (
            "n=0; for p in /proc/[0-9]*; do if [ $p != /proc/$$ ] && "
            f"tr '\\0' ' ' 2>/dev/null <$p/cmdline | grep -q '{title}'; "
            "then kill -KILL ${p#/proc/} && n=$((n+1)); fi; done; echo $n"
        )
        finished = run_docker("exec", container, "bash", "-c", script, folder=self.folder)
        return int(finished.stdout or b"0")

    def remove_data(self) -> None:
        """Empty ``data/``, whose files belong to another user, by one who may."""
        self.compose("run", "--rm", "--no-deps", "--user=0", "--entrypoint=/bin/bash", "airflow-prepare",
                     "-c", f"rm -rf {_DATA_IN_A_CONTAINER}/* {_DATA_IN_A_CONTAINER}/.[!.]*")  # fmt: skip

    def data(self) -> dict[str, bytes]:
        """The files of ``data/`` as tasks see them, by path; hidden ones too."""
        container = self.containers(self.task_service)[0]
        finished = run_docker(
            "exec", container, "tar", "-C", _DATA_IN_A_CONTAINER, "-cf", "-", ".", folder=self.folder
        )
        files: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(finished.stdout)) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    files[member.name.removeprefix("./")] = content.read()
        return files


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

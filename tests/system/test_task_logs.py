"""How the logs of tasks end, in a process whose output is that of Airflow's own runner."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.system.world import PROJECT, World

pytestmark = pytest.mark.usefixtures("airflow_database")

CALM = datetime(2025, 3, 3, 12, tzinfo=UTC)
CLEAR = "Then clear the task in Airflow."
AGAIN = "nothing yet, Airflow tries again by itself (try 2 of 2); if that fails too:"
FETCH = "fetch_and_save_bitcoin_price"
# Three runs in one process: all is well, a setting is wrong, and the database is away for two tries.
RUNS = """
import os, runpy, sys
from datetime import datetime, timedelta
dag = runpy.run_path("dags/coin_pipelines.py")["bitcoin_data_pipeline"]
moment = datetime.fromisoformat(sys.argv[1])
for hour, retries, settings in (
    (0, 0, {}),
    (1, 0, {"COINGECKO_BASE_URL": "ftp://wrong"}),
    (2, 1, {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}),
):
    os.environ.update(settings)
    for task in dag.tasks:
        task.retries, task.retry_delay, task.retry_exponential_backoff = retries, timedelta(0), 0
    dag.test(logical_date=moment + timedelta(hours=hour))
"""
LINE = re.compile(r"\S+ \[(?P<level>\w+) *\] (?P<text>.*?) *\[(?P<logger>[\w.]+)\]")
STARTED = re.compile(r"\[DAG TEST\] starting task_id=(\w+)")


def logs_of(output: str) -> list[tuple[str, list[str]]]:
    """Each task that ran, with the lines that Airflow's page doesn't fold."""
    logs: list[tuple[str, list[str]]] = []
    is_folded = True
    for line in output.splitlines():
        found = LINE.match(line)
        if started := STARTED.search(line):
            logs.append((started[1], []))
        elif "::group::" in line:
            is_folded = True
        elif "::endgroup::" in line:
            is_folded = False
        elif not is_folded and (found is None or found["logger"].startswith(("task", "pipeline_lib"))):
            logs[-1][1].append(f"{found['level']} {found['text']}" if found else line)
    return logs


def test_the_last_lines_are_what_was_done_or_why_not_and_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("S3_BUCKET")
    world.simulator.clock.set(CALM)
    finished = subprocess.run(
        [sys.executable, "-c", RUNS, CALM.isoformat()],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=True,
        text=True,
    )
    logs = logs_of(finished.stdout)

    done = dict(logs[:5])
    assert done[FETCH][-1].startswith("info bitcoin 46")
    assert done["compute_moving_average"][-1].endswith("up to 2025-03-03T12:00:00Z")
    assert done["upload_raw_to_s3"][-1].startswith("info Skipped: ")
    assert "S3_BUCKET" in done["upload_raw_to_s3"][-1]

    (task, refused), *tries = logs[5:]
    away = [line for _, lines in tries for line in lines]
    assert task == FETCH
    assert refused == [
        "error Task exited",
        "error SettingsError: COINGECKO_BASE_URL is not an https address",
        f"error What to do: begin it with https://; plain http is taken for this machine only. {CLEAR}",
    ]

    to_do = [line for line in away if "What to do: " in line]
    assert to_do == [
        f"warning What to do: {AGAIN} check that it runs and can be reached.",
        f"error What to do: check that it runs and can be reached. {CLEAR}",
    ]
    assert away[-1] == to_do[-1]
    assert away[-2].startswith("error DatabaseUnavailableError: the database postgresql")
    assert not any("Traceback" in line for line in finished.stdout.splitlines())

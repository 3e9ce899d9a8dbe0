"""200 pipelines switched on at once: nothing waits in the scheduler's way."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
import requests

from pipeline_lib.common.timestamps import format_moment
from tests.stack.pipeline import Pipeline, Report
from tests.stack.rest_api import RestApi
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until
from tests.stack.world import World

pytestmark = pytest.mark.timeout(4800)

PIPELINES = 200
TASKS = ("fetch_and_save_*_price", "compute_moving_average", "send_price_alerts")
COINS = ("bitcoin", "ethereum", "solana", "litecoin", "dogecoin")
CALM_HOUR = datetime(2025, 3, 1, 4, tzinfo=UTC)
LONGEST_RUN_SECONDS = 3600.0
SECONDS_BETWEEN_LOOKS = 2.0
# Airflow calls a scheduler unhealthy after half a minute.
LONGEST_SILENCE_SECONDS = 30.0
# What a scheduler says that takes tasks for lost.
LOST = ("Reset the following", "without a heartbeat", "killed_externally", "finished with state")


@dataclass
class Heartbeats:
    """What Airflow says of its scheduler's health, looked at all the time."""

    url: str
    statuses: list[str] = field(default_factory=list)
    silences: list[float] = field(default_factory=list)
    has_ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watched(self) -> Iterator[None]:
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        try:
            yield
        finally:
            self.has_ended.set()
            watcher.join()

    def _watch(self) -> None:
        while not self.has_ended.wait(SECONDS_BETWEEN_LOOKS):
            try:
                answer = requests.get(f"{self.url}/api/v2/monitor/health", timeout=20)
            except requests.RequestException:
                continue
            scheduler = answer.json()["scheduler"]
            self.statuses.append(scheduler["status"])
            heartbeat = datetime.fromisoformat(scheduler["latest_scheduler_heartbeat"])
            self.silences.append((datetime.now(UTC) - heartbeat).total_seconds())


@pytest.fixture
def names(stack: Stack) -> Iterator[list[str]]:
    """The pipelines' names; while the test runs, a minute has few calls."""
    names = [f"many-{number:03}" for number in range(PIPELINES)]
    folder = stack.folder / "dag_configs"
    for number, name in enumerate(names):
        coin = COINS[number % len(COINS)]
        text = f'spec_version: 1\ncoin: {coin}\nschedule: "@hourly"\nthresholds: {{1h: 90}}\n'
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    stack.up("few_calls.yaml")
    yield names
    for name in names:
        (folder / f"{name}.yaml").unlink()
    stack.up()


def _trigger_all(api: RestApi, names: list[str]) -> None:
    headers = api.headers()
    for second, name in enumerate(names):
        # No two runs of one moment: each needs an answer of its own.
        moment = CALM_HOUR + timedelta(seconds=second)
        response = requests.post(
            f"{api.url}/api/v2/dags/{name}_data_pipeline/dagRuns",
            json={"logical_date": format_moment(moment)},
            headers=headers,
            timeout=60,
        )
        assert response.status_code == HTTPStatus.OK, response.text


def _count(api: RestApi, state: str) -> int:
    path = f"/api/v2/dags/~/dagRuns?dag_id_pattern=many-&state={state}&limit=1"
    return int((api.get(path) or {}).get("total_entries", 0))


def _count_logs(stack: Stack, task: str, condition: str) -> int:
    script = (
        f"find /opt/airflow/logs -path '*dag_id=many-*/task_id={task}/*' -name 'attempt=*.log' {condition}"
    )
    found = stack.compose("exec", "-T", stack.task_service, "bash", "-c", script)
    return len(found.splitlines())


def test_200_pipelines_switched_on_at_once_block_nobody_and_end_well(
    stack: Stack, pipeline: Pipeline, world: World, names: list[str], report: Report
) -> None:
    api = pipeline.api
    world.stand_at(CALM_HOUR)
    for name in names:
        api.wait_for_dag(f"{name}_data_pipeline")
    report(f"{PIPELINES} DAGs are there")
    started, since = time.monotonic(), datetime.now(UTC)
    heartbeats = Heartbeats(api.url)
    with heartbeats.watched():
        _trigger_all(api, names)
        report(f"{PIPELINES} runs asked for in {time.monotonic() - started:.0f} s")
        wait_until(
            lambda: _count(api, "success") + _count(api, "failed") == PIPELINES,
            "the end of all runs",
            LONGEST_RUN_SECONDS,
        )
    took = time.monotonic() - started
    waits = _count_logs(stack, TASKS[0], "-exec grep -l 'waits until' {} +")
    report(
        f"{_count(api, 'success')} of {PIPELINES} runs green after {took:.0f} s, {waits} tasks gave their"
        f" slot back; the scheduler's longest silence was {max(heartbeats.silences):.0f} s"
    )
    assert _count(api, "success") == PIPELINES
    assert len(heartbeats.statuses) > took / 20
    assert set(heartbeats.statuses) == {"healthy"}
    assert max(heartbeats.silences) < LONGEST_SILENCE_SECONDS
    assert waits > 0
    for task in TASKS:
        assert _count_logs(stack, task, "-size +0") == PIPELINES, task
        assert _count_logs(stack, task, "-size 0") == 0, task
        assert _count_logs(stack, task, "-not -name 'attempt=1.log'") == 0, task
    said = stack.compose("logs", "--no-color", f"--since={format_moment(since)}", "airflow-scheduler")
    assert [line for line in said.splitlines() if any(words in line for words in LOST)] == []

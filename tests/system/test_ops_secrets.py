"""No log of a task, and none of the fields that Airflow shows of it, holds a secret, whatever goes wrong."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline_lib.simulator.faults.queue import Fault
from tests.system.world import PROJECT, World

pytestmark = pytest.mark.usefixtures("airflow_database")

CRASH = datetime(2025, 6, 11, 4, tzinfo=UTC)
API_KEY = "CG-made-up-key-of-the-api"
PASSWORD = "made-up-password"
AWS_SECRET = "made-up-aws-secret"
# Apart from this process, whose logging is the test runner's.
PROGRAM = f"""\
from datetime import datetime
from tests.system.world import run_pipeline
for _ in range(2):
    print(run_pipeline("bitcoin_data_pipeline", datetime.fromisoformat({CRASH.isoformat()!r})))
"""


@pytest.fixture
def secrets(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Secrets in all settings that hold any; what no output may show."""
    webhook, host = world.simulator.slack_webhook_url, world.simulator.base_url.split("/")[2]
    monkeypatch.setenv("COINGECKO_API_KEY", API_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", AWS_SECRET)
    # The second run asks for itself, and doesn't share the first one's failure.
    monkeypatch.setenv("COINGECKO_SHARED_ANSWER_SECONDS", "0")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", webhook.replace("simulated", "made-up-price-token"))
    monkeypatch.setenv("OPS_SLACK_WEBHOOK_URL", webhook.replace("simulated", "made-up-ops-token"))
    monkeypatch.setenv(
        "OPS_ALERT_URLS", f"json://someone:{PASSWORD}@{host}/made-up-json-path nonsense://{PASSWORD}"
    )
    return [API_KEY, AWS_SECRET, PASSWORD, "made-up-price-token", "made-up-ops-token", "made-up-json-path"]


def test_no_log_and_no_field_holds_a_secret(world: World, secrets: list[str]) -> None:
    world.simulator.clock.set(CRASH)
    # The first run fails, and so does its notice; the second one sends a price alert.
    world.simulator.faults.add(
        Fault(kind="status", status=401, path="/coins"), Fault(kind="status", status=403, path="/services")
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG"},
    )
    lines = (done.stdout + done.stderr).splitlines()
    # The stand-in for a supervisor that this runner has prints what it is asked to mask; a real one doesn't.
    shown = "\n".join(line for line in lines if "msg=MaskSecret(" not in line)
    assert "3 of 3 channels missed the ops alert" in shown
    assert "'send_price_alerts': 'success'" in shown
    # The libraries did log whom they called: for the price alert and for the ops alerts.
    assert shown.count('"POST *** HTTP/1.1"') >= 3
    assert [secret for secret in secrets if secret in shown] == []
    assert [secret for secret in secrets if secret in rendered_fields()] == []


def rendered_fields() -> str:
    with closing(sqlite3.connect(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db")) as connection:
        return str(connection.execute("SELECT * FROM rendered_task_instance_fields").fetchall())

"""What Airflow hands to the callback of a missed deadline, as version 3.3.2's scheduler made it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.airflow.notifiers.late_run import LateRunNotifier
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.server import Simulator


@pytest.fixture
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with Simulator({}, SimulatedClock(lambda: datetime(2026, 1, 1, tzinfo=UTC))) as running:
        monkeypatch.setenv("OPS_SLACK_WEBHOOK_URL", running.slack_webhook_url)
        yield running


def context(run_type: str, logical_date: str | None = "2026-01-01T10:00:00Z") -> Any:  # noqa: ANN401 (as Airflow's)
    return {
        "dag_run": {
            "dag_id": "bitcoin_data_pipeline",
            "dag_run_id": "scheduled__2026-01-01T10:00:00+00:00",
            "logical_date": logical_date,
            "run_after": "2026-01-01T10:00:00Z",
            "run_type": run_type,
        },
        "deadline": {"id": "1", "deadline_time": "2026-01-01T10:30:00+00:00"},
    }


@pytest.mark.parametrize("logical_date", ["2026-01-01T10:00:00Z", None])
def test_a_late_run_is_told_with_its_page(simulator: Simulator, logical_date: str | None) -> None:
    LateRunNotifier()(context("scheduled", logical_date))
    (message,) = simulator.slack_messages
    body: Any = message.body
    assert body["text"] == ":hourglass: ops · bitcoin · the run of 2026-01-01T10:00:00Z is late"
    assert "due by 2026-01-01T10:30:00Z, not done" in body["blocks"][1]["text"]["text"]
    assert "/dags/bitcoin_data_pipeline/runs/scheduled__2026-01-01T10" in str(body["blocks"][2])


@pytest.mark.parametrize("run_type", ["manual", "backfill"])
def test_a_run_that_nobody_scheduled_is_never_late(simulator: Simulator, run_type: str) -> None:
    LateRunNotifier()(context(run_type))
    assert simulator.slack_messages == ()

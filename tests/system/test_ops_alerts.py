"""What operators hear of a pipeline's runs, through Airflow's own runner and its callbacks."""

import runpy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib import steps
from pipeline_lib.errors import StoreBusyError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.specs import PipelineSpec
from tests.system.world import PROJECT, World, run_pipeline

pytestmark = pytest.mark.usefixtures("airflow_database")

# The simulated market is calm here, so no price alert is delivered.
CALM = datetime(2025, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FETCH = "fetch_and_save_bitcoin_price"


def run_dag(world: World, moment: datetime) -> dict[str, str]:
    world.simulator.clock.set(moment)
    return run_pipeline("bitcoin_data_pipeline", moment)


def delivered(world: World) -> list[str]:
    return [str(message.body["text"]) for message in world.simulator.slack_messages]


def details(world: World) -> str:
    body: Any = world.simulator.slack_messages[-1].body
    return "\n".join(block["text"]["text"] for block in body["blocks"] if block["type"] == "section")


def test_a_failed_task_is_reported_with_what_to_do(world: World) -> None:
    world.simulator.faults.add(Fault(kind="status", status=401, path="/coins", times=None))
    states = run_dag(world, CALM)
    assert states[FETCH] == "failed"
    assert delivered(world) == [f":wrench: ops · bitcoin · {FETCH} failed"]
    assert details(world) == (
        "*RequestRefusedError*: CoinGecko answered 401: API Key Missing.\n"
        "*Run*: 2025-03-03T12:00:00Z, try 1 of 1\n"
        "*What to do*: set COINGECKO_API_KEY, or check that the key is right. "
        "Then clear the task in Airflow. "
        "The same problem of this task is reported again after 24 hours, and once when it works again."
    )
    body: Any = world.simulator.slack_messages[-1].body
    (element,) = body["blocks"][-1]["elements"]
    assert f"/tasks/{FETCH}" in element["text"]
    assert element["text"].endswith("|run>")


def test_hours_of_failures_are_reported_once_and_so_is_their_end(world: World) -> None:
    fault = Fault(kind="status", status=401, path="/coins", times=3)
    world.simulator.faults.add(fault)
    for hour in range(3):
        assert run_dag(world, CALM + hour * HOUR)[FETCH] == "failed"
    assert len(delivered(world)) == 1
    assert set(run_dag(world, CALM + 3 * HOUR).values()) == {"success"}
    assert delivered(world)[1:] == [f":white_check_mark: ops · bitcoin · {FETCH} works again"]
    assert "where runs of 2025-03-03T12:00:00Z to 2025-03-03T14:00:00Z are still red" in details(world)
    assert world.open_problems() == []
    run_dag(world, CALM + 4 * HOUR)
    assert len(delivered(world)) == 2


def test_ops_alerts_go_to_their_own_webhook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    own = world.simulator.slack_webhook_url.replace("simulated", "operators")
    monkeypatch.setenv("OPS_SLACK_WEBHOOK_URL", own)
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:1/services/T0/B0/prices")
    world.simulator.faults.add(Fault(kind="status", status=401, path="/coins", times=None))
    run_dag(world, CALM)
    assert len(delivered(world)) == 1


def test_a_wrong_setting_of_the_market_is_reported_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINGECKO_BASE_URL", "ftp://wrong")
    assert run_dag(world, CALM)[FETCH] == "failed"
    assert "*SettingsError*: COINGECKO_BASE_URL is not an https address" in details(world)


def test_a_failing_alert_is_logged_and_leaves_the_task_failed(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.simulator.faults.add(Fault(kind="status", status=401, path="/coins", times=None))
    world.simulator.faults.add(Fault(kind="status", status=403, path="/services", times=None))
    assert run_dag(world, CALM)[FETCH] == "failed"
    shown = "".join(capfd.readouterr()) + caplog.text
    assert f"1 of 1 channels missed the ops alert 'bitcoin · {FETCH} failed'" in shown
    assert "CoinGecko answered 401" in shown
    assert "T00000000" not in shown
    # It reached nobody, so the next failure counts as new.
    world.simulator.faults.clear()
    world.simulator.faults.add(Fault(kind="status", status=401, path="/coins", times=None))
    run_dag(world, CALM + HOUR)
    assert delivered(world) == [f":wrench: ops · bitcoin · {FETCH} failed"]


def test_a_full_disk_is_reported(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Nothing can be written below a file, whoever runs this test.
    (tmp_path / "blocked").write_text("")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "blocked"))
    assert run_dag(world, CALM)[FETCH] == "failed"
    assert delivered(world) == [f":wrench: ops · bitcoin · {FETCH} failed"]
    assert "NotADirectoryError" in details(world) or "FileExistsError" in details(world)


@pytest.fixture
def warning_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that does its work and has seen something."""
    compute = steps.compute_moving_average

    def compute_and_warn(spec: PipelineSpec, run: steps.Run, services: steps.Services) -> Outcome:
        outcome = compute(spec, run, services)
        assert isinstance(outcome, Done)
        return replace(outcome, warnings=("the answer has a new field <roi>",))

    monkeypatch.setattr(steps, "compute_moving_average", compute_and_warn)


@pytest.mark.usefixtures("warning_step")
def test_what_a_step_saw_is_reported_once_a_day_and_the_task_is_green(world: World) -> None:
    for hour in range(2):
        assert set(run_dag(world, CALM + hour * HOUR).values()) == {"success"}
    assert delivered(world) == [":warning: ops · bitcoin · compute_moving_average warns"]
    assert "*Seen*: the answer has a new field &lt;roi&gt;" in details(world)


@pytest.mark.usefixtures("warning_step")
def test_a_warning_that_reaches_nobody_fails_no_task_and_is_delivered_by_the_next(world: World) -> None:
    world.simulator.faults.add(Fault(kind="status", status=403, path="/services"))
    for hour in range(2):
        assert set(run_dag(world, CALM + hour * HOUR).values()) == {"success"}
    assert delivered(world) == [":warning: ops · bitcoin · compute_moving_average warns"]


def test_a_permanent_error_is_reported_at_its_first_try(world: World) -> None:
    world.simulator.faults.add(Fault(kind="status", status=401, path="/coins", times=None))
    world.simulator.clock.set(CALM)
    dag: Any = runpy.run_path(str(PROJECT / "dags" / "coin_pipelines.py"))["bitcoin_data_pipeline"]
    dag.test(logical_date=CALM)
    assert delivered(world) == [f":wrench: ops · bitcoin · {FETCH} failed"]
    assert "try 1 of 4" in details(world)


def test_a_failure_that_may_pass_is_reported_after_the_last_try_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> Outcome:
        raise StoreBusyError(Path("lock"), 60)

    monkeypatch.setattr(steps, "fetch_and_save_price", busy)
    dag: Any = runpy.run_path(str(PROJECT / "dags" / "coin_pipelines.py"))["bitcoin_data_pipeline"]
    for task in dag.tasks:
        task.retries, task.retry_delay = 2, timedelta(0)
    dag.test(logical_date=CALM)
    assert delivered(world) == [f":wrench: ops · bitcoin · {FETCH} failed"]
    assert "try 3 of 3" in details(world)

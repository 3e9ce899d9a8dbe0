"""A task that has to wait, through Airflow's own runner: its slot is given back, its tries are kept."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest

from pipeline_lib.simulator.faults.queue import Fault
from tests.system.world import World, run_pipeline

pytestmark = pytest.mark.usefixtures("airflow_database")

CRASH = datetime(2025, 6, 11, 4, tzinfo=UTC)
FETCH = "fetch_and_save_bitcoin_price"


@pytest.fixture
def impatient(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Who waits gives its slot back soon, and comes back soon, since no scheduler has to learn of it."""
    monkeypatch.setattr("pipeline_lib.common.waiting.LONGEST_SLEEP_SECONDS", 1.0)
    monkeypatch.setattr("pipeline_lib.common.waiting._SHORTEST_ABSENCE_SECONDS", 1.0)
    monkeypatch.setattr("pipeline_lib.common.waiting._JITTER_SECONDS", 1.0)
    world.simulator.clock.set(CRASH)
    return world


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What tasks log, whatever Airflow does with it."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    own = logging.Logger("own", logging.INFO)  # noqa: LOG001 - Airflow sets up those that it finds
    own.addHandler(handler)
    monkeypatch.setattr("pipeline_lib.airflow.task._log", own)
    return lines


def test_a_task_that_coingecko_puts_off_is_run_again_and_counts_as_no_failure(
    impatient: World, logged: list[str]
) -> None:
    impatient.simulator.faults.add(Fault(kind="status", status=429, path="/coins", retry_after=2, times=2))
    # No task has a retry.
    states = run_pipeline("bitcoin_data_pipeline", CRASH)
    assert set(states.values()) == {"success"}
    told = re.compile(
        r"waits until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: CoinGecko answered 429: .*; then this try goes on"
    )
    assert [bool(told.fullmatch(line)) for line in logged[:3]] == [True, True, False]
    assert [each.path for each in impatient.simulator.requests] == ["/coins/markets"] * 3
    assert impatient.open_problems() == []
    assert len(impatient.simulator.slack_messages) == 1


def test_a_task_that_waits_for_too_long_fails_and_operators_are_notified(
    impatient: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_lib.common.waiting.LONGEST_WAIT", timedelta(seconds=5))
    impatient.simulator.faults.add(Fault(kind="status", status=429, path="/coins", retry_after=3, times=None))
    states = run_pipeline("bitcoin_data_pipeline", CRASH)
    assert states[FETCH] == "failed"
    assert impatient.open_problems() == [("bitcoin", FETCH)]
    (message,) = impatient.simulator.slack_messages
    assert "WaitedTooLongError" in str(message.body)
    # Once after the first wait; a third call would come too late.
    assert [each.path for each in impatient.simulator.requests] == ["/coins/markets"] * 2

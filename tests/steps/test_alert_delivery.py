"""Each event is delivered once, or again and marked so, whatever dies or is away; on both databases."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.alerts.delivery import outbox
from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.common.timestamps import BEGINNING, format_moment
from pipeline_lib.database.alerting import events
from pipeline_lib.errors import DatabaseUnavailableError, DeliveryUnknownError, SlackRefusedError
from pipeline_lib.model.outcome import Done, Skipped
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.steps import Run, Services, send_price_alerts
from tests.fixtures.recorded import record, series_of
from tests.fixtures.slack import simulator
from tests.steps.alert_victim import SPEC
from tests.steps.world import CRASH
from tests.system.replays import HOUR, observation
from tests.system.world import PROJECT

__all__ = ["simulator"]

FALL = "🚨📉 bitcoin -10.00 % in 1h: 90.00 USD"
DELIVERED = Done("-10.00 % in 1h (fired): delivered to Slack")


@dataclass(frozen=True, slots=True)
class _Patient(Services):
    """Tries again at once."""

    def open_slack(self, webhook: Secret) -> SlackWebhook:
        return SlackWebhook(webhook, RetryPolicy(first_wait=0))


@dataclass
class Scene:
    """A pipeline whose price fell by a tenth at ``CRASH``."""

    services: Services
    simulator: Simulator
    environment: Mapping[str, str]

    def alert(self, hours: int = 0, *, is_backfill: bool = False) -> object:
        moment = CRASH + hours * HOUR
        services = replace(self.services, now=lambda: moment)
        return send_price_alerts(SPEC, Run(moment, is_backfill=is_backfill), services)

    def alert_and_die(self, when: str) -> int:
        self.services.database.close()
        command = [sys.executable, "-m", "tests.steps.alert_victim", when, format_moment(CRASH)]
        environment = {**os.environ, **self.environment, "PYTHONPATH": str(PROJECT)}
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode

    def record(self, prices: Mapping[int, int], *, is_silent: bool = False) -> None:
        with self.services.database.writing() as connection:
            rows = [observation(CRASH + hours * HOUR, Decimal(price)) for hours, price in prices.items()]
            record(connection, rows, is_silent=is_silent)

    def statuses(self) -> Counter[str]:
        with self.services.database.reading() as connection:
            recorded = events.read_since(connection, series_of(connection).id, BEGINNING)
        self.services.database.close()
        return Counter(f"{each.event.kind.value} {each.status.value}" for each in recorded)

    def delivered(self) -> list[str]:
        return [str(message.body["text"]) for message in self.simulator.slack_messages]


@pytest.fixture
def scene(database_address: Secret, simulator: Simulator, tmp_path: Path) -> Iterator[Scene]:
    environment = {
        "DATABASE_URL": database_address.reveal(),
        "DATA_DIR": str(tmp_path / "data"),
        "DAG_CONFIGS_DIR": str(tmp_path),
        "SLACK_WEBHOOK_URL": simulator.slack_webhook_url,
    }
    settings = Settings.from_environment(environment, project_folder=tmp_path)
    services = _Patient.from_settings(settings)
    with closing(services.database):
        scene = Scene(services, simulator, environment)
        scene.record({-1: 100, 0: 90})
        yield scene


def test_a_process_killed_between_reservation_and_request_leaves_it_to_the_next_try(scene: Scene) -> None:
    assert scene.alert_and_die("before") == -signal.SIGKILL
    assert scene.delivered() == []
    assert scene.statuses() == {"fired sending": 1}
    assert scene.alert() == DELIVERED
    # Nobody knows whether the first one was sent: the second says so.
    assert scene.delivered() == [f"may be a repeat: {FALL}"]
    assert scene.statuses() == {"fired delivered": 1}


def test_a_process_killed_between_request_and_record_is_repeated_once_and_marked(scene: Scene) -> None:
    assert scene.alert_and_die("after") == -signal.SIGKILL
    assert scene.statuses() == {"fired sending": 1}
    assert scene.alert() == DELIVERED
    assert scene.alert() == Done("-10.00 % in 1h (fired): already delivered")
    assert scene.delivered() == [FALL, f"may be a repeat: {FALL}"]


def test_a_later_run_takes_over_what_a_killed_one_left(scene: Scene) -> None:
    assert scene.alert_and_die("before") == -signal.SIGKILL
    scene.record({1: 90})
    assert scene.alert(1) == Done("-10.00 % in 1h (fired), +0.00 % in 1h (cleared): delivered to Slack")
    assert scene.delivered()[0].startswith("may be a repeat: ")


def test_an_answer_that_never_comes_is_one_message_a_try_and_the_next_one_is_marked(scene: Scene) -> None:
    scene.simulator.faults.add(Fault(kind="cut", path="/services"))
    with pytest.raises(DeliveryUnknownError):
        scene.alert()
    assert scene.delivered() == [FALL]
    assert scene.statuses() == {"fired sending": 1}
    assert scene.alert() == DELIVERED
    assert scene.delivered() == [FALL, f"may be a repeat: {FALL}"]


def test_what_slack_refused_is_sent_again_unmarked(scene: Scene) -> None:
    page = "<title>Sign in</title>"
    scene.simulator.faults.add(Fault(kind="status", status=200, path="/services", body=page))
    with pytest.raises(SlackRefusedError, match="200 Sign in"):
        scene.alert()
    assert scene.statuses() == {"fired undelivered": 1}
    assert scene.alert() == DELIVERED
    assert scene.delivered() == [FALL]


def _fail(*_: object, **__: object) -> None:
    raise DatabaseUnavailableError("the database can't be used now")


def test_what_cannot_be_reserved_is_not_sent(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(events, "reserve", _fail)
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                scene.alert()
    assert scene.delivered() == []
    assert scene.alert() == DELIVERED
    assert scene.delivered() == [FALL]


def test_while_the_record_cannot_be_written_each_event_is_sent_once_and_then_repeated_marked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "settle_delivered", _fail)
        with pytest.raises(DatabaseUnavailableError):
            scene.alert()
        patched.setattr(events, "reserve", _fail)
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                scene.alert()
    assert scene.delivered() == [FALL]
    assert scene.alert() == DELIVERED
    assert scene.delivered() == [FALL, f"may be a repeat: {FALL}"]


def test_no_connection_is_open_while_slack_is_asked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    original = SlackWebhook.deliver

    def deliver(webhook: SlackWebhook, message: Mapping[str, Any]) -> None:
        opened.append(scene.services.database._connection)
        original(webhook, message)

    monkeypatch.setattr(SlackWebhook, "deliver", deliver)
    assert scene.alert() == DELIVERED
    assert opened == [None]


@pytest.mark.parametrize("backfilled_first", [True, False])
def test_a_run_after_a_backfill_alerts_about_no_backfilled_moment(
    scene: Scene, *, backfilled_first: bool
) -> None:
    scene.record({-10: 100})
    scene.alert(-10)
    if not backfilled_first:
        scene.alert(0)
    scene.record({-5: 100, -4: 80}, is_silent=True)
    scene.record({1: 90})
    scene.alert(1)
    assert scene.statuses() == {"fired backfilled": 1, "fired delivered": 1, "cleared delivered": 1}
    assert len(scene.delivered()) == (1 if backfilled_first else 2)
    assert "-20.00" not in str([message.body for message in scene.simulator.slack_messages])


def test_a_backfill_of_a_pipeline_that_asks_for_alerts_alerts(scene: Scene) -> None:
    scene.record({-10: 100})
    scene.alert(-10)
    scene.record({-5: 100, -4: 80})
    scene.alert(0)
    assert "-20.00 % in 1h" in str([message.body for message in scene.simulator.slack_messages])


def test_an_airflow_backfill_settles_what_it_brings_about_at_once(scene: Scene) -> None:
    assert scene.alert(is_backfill=True) == Skipped("backfilled runs send no alerts")
    assert scene.statuses() == {"fired backfilled": 1}
    scene.record({1: 90})
    assert scene.alert(1) == Done("no move reaches its threshold")
    assert scene.delivered() == []


def test_another_series_starts_without_the_events_of_the_one_before(scene: Scene) -> None:
    assert scene.alert() == DELIVERED
    other = replace(SPEC, vs_currency="eur")
    row = replace(observation(CRASH + HOUR, Decimal(1)), vs_currency="eur")
    with scene.services.database.writing() as connection:
        record(connection, [row])
    calm = send_price_alerts(other, Run(row.moment), replace(scene.services, now=lambda: row.moment))
    assert calm == Done("no move reaches its threshold")
    assert scene.delivered() == [FALL]


def test_an_episode_that_a_gap_ended_is_not_called_calm_again(scene: Scene) -> None:
    assert scene.alert() == DELIVERED
    scene.record({535 * 24: 90, 535 * 24 + 1: 90})
    assert scene.alert(535 * 24) == Done("no move reaches its threshold")
    assert scene.alert(535 * 24 + 1) == Done("no move reaches its threshold")
    assert scene.delivered() == [FALL]

"""``send_price_alerts`` against a simulated Slack."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib import steps
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import (
    ObservationMissingError,
    SettingsError,
    SlackRefusedError,
    SlackUnavailableError,
)
from pipeline_lib.model.events import DeliveryStatus
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.specs import Thresholds
from pipeline_lib.steps import Run
from tests.steps.world import CRASH, World

EVENTS = "-9.99 % in 1h (fired), -10.00 % in 24h (fired)"
FIRED = [("1h", "fired", CRASH), ("24h", "fired", CRASH)]
DELIVERED = dict.fromkeys(FIRED, DeliveryStatus.DELIVERED)


def _alert(world: World, run: Run | None = None) -> Outcome:
    return steps.send_price_alerts(world.spec, run or Run(CRASH), world.services)


def test_an_abnormal_move_is_delivered(world: World) -> None:
    world.fetch(CRASH)
    assert _alert(world) == Done(f"{EVENTS}: delivered to Slack")
    (message,) = world.simulator.slack_messages
    assert message.body["text"] == "🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD"
    assert "*-10.00 % in 24h* (threshold 8 %)" in json.dumps(message.body)
    assert "|run>" not in json.dumps(message.body)
    assert world.payloads() == [message.body]
    assert world.events() == DELIVERED


def test_the_message_leads_to_the_run(world: World) -> None:
    world.fetch(CRASH)
    _alert(
        world, Run(CRASH, url="https://airflow.example/run?a=1&b=2", log_url="https://airflow.example/log")
    )
    (message,) = world.simulator.slack_messages
    said = json.dumps(message.body)
    assert "<https://airflow.example/run?a=1&amp;b=2|run>" in said
    assert "<https://airflow.example/log|log>" in said
    assert "<https://www.coingecko.com/en/coins/bitcoin|chart>" in said


def test_a_retry_does_not_deliver_again(world: World) -> None:
    world.fetch(CRASH)
    _alert(world)
    assert _alert(world) == Done(f"{EVENTS}: already delivered")
    assert len(world.simulator.slack_messages) == 1
    assert world.events() == DELIVERED


def test_processes_of_one_run_deliver_once(world: World) -> None:
    world.fetch(CRASH)
    world.simulator.faults.add(Fault(kind="slow", path="/services", seconds=0.2, times=None))
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: _alert(world.in_another_process()), range(4)))
    assert len(world.simulator.slack_messages) == 1
    assert outcomes.count(Done(f"{EVENTS}: delivered to Slack")) == 1
    waited, late = f"{EVENTS}: delivered to Slack together with others", f"{EVENTS}: already delivered"
    assert outcomes.count(Done(waited)) + outcomes.count(Done(late)) == 3


def test_a_calm_hour_sends_nothing(world: World) -> None:
    world.fetch(CRASH - timedelta(hours=1))
    calm = _alert(world, Run(CRASH - timedelta(hours=1)))
    assert calm == Done("no move reaches its threshold")
    assert world.simulator.slack_messages == ()
    assert world.events() == {}


@pytest.mark.parametrize(("threshold", "count"), [("9.985627694807224", 1), ("9.985627694807225", 0)])
def test_a_move_is_delivered_from_its_threshold_on(world: World, threshold: str, count: int) -> None:
    exact = Thresholds(Decimal(threshold), Decimal(100))
    other = world.with_spec(lambda spec: replace(spec, thresholds=exact))
    other.fetch(CRASH)
    _alert(other)
    assert len(world.simulator.slack_messages) == count


def test_a_backfilled_run_sends_no_alerts(world: World) -> None:
    world.fetch(CRASH)
    backfilled = _alert(world, Run(CRASH, is_backfill=True))
    assert backfilled == Skipped("backfilled runs send no alerts")
    assert world.simulator.slack_messages == ()
    assert world.events() == dict.fromkeys(FIRED, DeliveryStatus.BACKFILLED)
    assert _alert(world) == Done("no new event of ongoing episodes: 1h, 24h")


def test_a_backfilled_run_alerts_when_the_spec_asks_for_it(world: World) -> None:
    asking = world.with_spec(lambda spec: replace(spec, alerts=replace(spec.alerts, on_backfill=True)))
    asking.fetch(CRASH)
    assert _alert(asking, Run(CRASH, is_backfill=True)) == Done(f"{EVENTS}: delivered to Slack")


def test_a_pipeline_may_have_a_webhook_of_its_own(world: World) -> None:
    alerts = replace(world.spec.alerts, webhook_variable="SLACK_WEBHOOK_URL_MAJORS")
    own = world.with_spec(lambda spec: replace(spec, alerts=alerts))
    own.fetch(CRASH)
    assert own.services.for_pipeline(world.spec, {}) is own.services
    unset = replace(own, services=own.services.for_pipeline(own.spec, {"SLACK_WEBHOOK_URL_MAJORS": " "}))
    assert _alert(unset) == Skipped(f"{EVENTS}: not delivered, since SLACK_WEBHOOK_URL_MAJORS is not set")
    environment = {"SLACK_WEBHOOK_URL_MAJORS": f"{world.simulator.slack_webhook_url}/majors"}
    given = replace(own, services=own.services.for_pipeline(own.spec, environment))
    assert given.services.find_slack_webhook() == Secret(environment["SLACK_WEBHOOK_URL_MAJORS"])
    unsafe = own.services.for_pipeline(own.spec, {"SLACK_WEBHOOK_URL_MAJORS": "http://hooks.example/secret"})
    with pytest.raises(SettingsError, match=r"^SLACK_WEBHOOK_URL_MAJORS is not an https address$"):
        _alert(replace(own, services=unsafe))


@pytest.mark.parametrize("variable", ["AWS_SECRET_ACCESS_KEY", "SLACK_MAJORS", "XSLACK_WEBHOOK_URL"])
def test_no_pipeline_has_any_other_variable_read(world: World, variable: str) -> None:
    alerts = replace(world.spec.alerts, webhook_variable=variable)
    spying = world.with_spec(lambda spec: replace(spec, alerts=alerts))
    spying.fetch(CRASH)
    environment = {variable: f"{world.simulator.slack_webhook_url}/secret"}
    spying = replace(spying, services=spying.services.for_pipeline(spying.spec, environment))
    with pytest.raises(SettingsError, match=f"^{variable} may hold something else than a webhook") as caught:
        _alert(spying)
    assert "/secret" not in str(caught.value)
    assert world.delivered() == []


def test_without_a_webhook_the_move_is_named_and_skipped(world: World) -> None:
    world.fetch(CRASH)
    silent = replace(world, services=replace(world.services, find_slack_webhook=lambda: None))
    assert _alert(silent) == Skipped(f"{EVENTS}: not delivered, since SLACK_WEBHOOK_URL is not set")
    assert world.events() == dict.fromkeys(FIRED, DeliveryStatus.PENDING)
    assert _alert(world) == Done(f"{EVENTS}: delivered to Slack")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", path="/services", status=403), SlackRefusedError),
        (Fault(kind="status", path="/services", status=429, retry_after=7200), SlackUnavailableError),
        (
            Fault(kind="status", path="/services", status=503, retry_after=0, times=4),
            SlackUnavailableError,
        ),
    ],
)
def test_a_failed_delivery_is_not_forgotten(world: World, fault: Fault, error: type[Exception]) -> None:
    world.fetch(CRASH)
    world.simulator.faults.add(fault)
    with pytest.raises(error):
        _alert(world)
    assert world.delivered() == []
    assert world.events() == dict.fromkeys(FIRED, DeliveryStatus.UNDELIVERED)
    assert _alert(world) == Done(f"{EVENTS}: delivered to Slack")
    assert world.delivered() == ["🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD"]
    assert world.events() == DELIVERED


def test_a_missing_move_comes_from_the_own_history(world: World) -> None:
    world.fetch(CRASH - timedelta(hours=1))
    for field in ("1h", "24h"):
        name = f"price_change_percentage_{field}_in_currency"
        world.simulator.faults.add(Fault(kind="null_field", field=name))
    world.fetch(CRASH)
    # (7202.50 - 8001.50) / 8001.50; there is no price of a day ago.
    assert _alert(world) == Done("-9.99 % in 1h (fired): delivered to Slack")


def test_a_missing_move_without_history_is_no_move(world: World) -> None:
    for field in ("1h", "24h"):
        name = f"price_change_percentage_{field}_in_currency"
        world.simulator.faults.add(Fault(kind="null_field", field=name))
    world.fetch(CRASH)
    assert _alert(world) == Done("no move reaches its threshold")


def test_without_an_observation_nothing_is_delivered(world: World) -> None:
    world.fetch(CRASH)
    with pytest.raises(ObservationMissingError, match="run the fetch step for this moment"):
        _alert(world, Run(CRASH + timedelta(hours=1)))
    assert world.simulator.slack_messages == ()


def test_an_episode_is_delivered_when_it_begins_and_when_it_is_over(world: World) -> None:
    outcomes = []
    for hours in range(27):
        moment = CRASH + timedelta(hours=hours)
        world.fetch(moment)
        outcomes.append(_alert(world, Run(moment)))
    assert world.delivered() == [
        "🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD",
        "✅ bitcoin calm again, -0.03 % in 1h: 7,200.50 USD",
        "✅ bitcoin calm again, +0.00 % in 24h: 7,202.50 USD",
    ]
    assert outcomes[2] == Done("no new event of ongoing episodes: 24h")
    assert outcomes[-1] == Done("no move reaches its threshold")

"""Pipelines that fire in one moment, against a simulated Slack."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib import steps
from pipeline_lib.alerts.delivery import outbox
from pipeline_lib.database.alerting import messages
from pipeline_lib.database.alerting.messages import MessageStatus
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.errors import (
    DeliveryUnknownError,
    SlackRefusedError,
    SlackUnavailableError,
    WaitNeededError,
)
from pipeline_lib.model.events import DeliveryStatus
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps import Run
from tests.steps.world import CRASH, World

NAMES = ("btc", "btc-2", "btc-3")
EVENTS = "-9.99 % in 1h (fired), -10.00 % in 24h (fired)"
SENT, WAITED = (
    Done(f"{EVENTS}: delivered to Slack"),
    Done(f"{EVENTS}: delivered to Slack together with others"),
)

Waits = list[float]


@pytest.fixture
def waits() -> Waits:
    return []


@pytest.fixture
def pipelines(world: World, waits: Waits, tmp_path: Path) -> list[World]:
    """Three pipelines of one coin whose runs are of now; waiting takes no time."""
    folder = tmp_path / "dag_configs"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.yaml").touch()
    services = replace(world.services, now=lambda: CRASH, wait=lambda seconds, _reason: waits.append(seconds))
    worlds = [
        replace(world, spec=replace(world.spec, name=name), services=services).in_another_process()
        for name in NAMES
    ]
    for each in worlds:
        each.fetch(CRASH)
    return worlds


def _alert(world: World) -> Outcome:
    return steps.send_price_alerts(world.spec, Run(CRASH), world.services)


def _while_waiting(world: World, act: Callable[[], object]) -> World:
    """The same pipeline; while its run waits for others, something happens."""

    def wait(_seconds: float, _reason: str) -> None:
        act()

    return replace(world, services=replace(world.services, wait=wait))


def _statuses(pipelines: list[World]) -> list[set[DeliveryStatus]]:
    return [set(each.events().values()) for each in pipelines]


def _waiting(world: World) -> list[str]:
    """The pipelines that have something in the outbox."""
    with closing(PreparedDatabase(world.services.settings.database_url)) as database:
        with database.reading() as connection:
            waiting = messages.read_waiting(connection, "SLACK_WEBHOOK_URL", CRASH)
        return [each.pipeline for each in waiting]


def test_pipelines_that_fire_in_one_moment_share_a_message(pipelines: list[World]) -> None:
    first, *others = pipelines
    with ThreadPoolExecutor(2) as pool:
        waiting: list[Callable[[], Outcome]] = []

        def others_come() -> None:
            futures = [pool.submit(_alert, each) for each in others]
            waiting.extend(future.result for future in futures)
            while len(_waiting(first)) < len(NAMES):
                time.sleep(0.01)

        assert _alert(_while_waiting(first, others_come)) == SENT
        assert [result() for result in waiting] == [WAITED, WAITED]
    (text,) = first.delivered()
    assert text.split("\n")[0] == "🚨📉 3 pipelines: bitcoin"
    assert _statuses(pipelines) == [{DeliveryStatus.DELIVERED}] * 3
    assert _waiting(first) == []


def test_the_first_waits_and_one_whose_others_are_delivered_does_not(
    pipelines: list[World], waits: Waits
) -> None:
    assert _alert(pipelines[0]) == SENT
    assert waits == [5]
    assert _alert(pipelines[0]) == Done(f"{EVENTS}: already delivered")
    assert waits == [5]


def test_a_pipeline_that_is_alone_does_not_wait(pipelines: list[World], waits: Waits, tmp_path: Path) -> None:
    for name in NAMES[1:]:
        (tmp_path / "dag_configs" / f"{name}.yaml").unlink()
    assert _alert(pipelines[0]) == SENT
    assert waits == []


def test_a_late_run_does_not_wait(pipelines: list[World], waits: Waits, world: World) -> None:
    first = replace(pipelines[0], services=replace(pipelines[0].services, now=world.services.now))
    assert _alert(first) == SENT
    assert waits == []


def test_without_grouping_nobody_waits(pipelines: list[World], waits: Waits) -> None:
    settings = replace(pipelines[0].services.settings, alert_grouping_seconds=0)
    for each in pipelines:
        assert _alert(replace(each, services=replace(each.services, settings=settings))) == SENT
    assert waits == []
    assert len(pipelines[0].delivered()) == 3


def test_a_group_that_was_not_sent_is_sent_by_the_next(pipelines: list[World]) -> None:
    for each in pipelines[:2]:
        each.simulator.faults.add(Fault(kind="status", path="/services", status=404))
        with pytest.raises(SlackRefusedError):
            _alert(each)
    assert pipelines[0].delivered() == []
    assert _waiting(pipelines[0]) == ["btc", "btc-2"]
    assert _statuses(pipelines) == [{DeliveryStatus.UNDELIVERED}] * 2 + [set()]
    assert _alert(pipelines[2]) == SENT
    assert pipelines[0].delivered()[0].split("\n")[0] == "🚨📉 3 pipelines: bitcoin"
    # Whose task failed finds it delivered when it is tried again.
    assert [_alert(each) for each in pipelines[:2]] == [Done(f"{EVENTS}: already delivered")] * 2
    assert len(pipelines[0].delivered()) == 1


def test_a_sender_that_dies_leaves_the_group_to_the_next(pipelines: list[World]) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _alert(_while_waiting(pipelines[0], die))
    assert _alert(pipelines[1]) == SENT
    assert pipelines[0].delivered()[0].startswith("🚨📉 2 pipelines: bitcoin")
    assert _alert(pipelines[0]) == Done(f"{EVENTS}: already delivered")


def test_a_sender_that_dies_after_slacks_answer_leaves_the_message_to_a_later_try_that_says_so(
    pipelines: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "settle_delivered", die)
        with pytest.raises(KeyboardInterrupt):
            _alert(pipelines[0])
    assert _statuses(pipelines[:1]) == [{DeliveryStatus.SENDING}]
    assert _alert(pipelines[1]) == SENT
    first, again = pipelines[0].delivered()
    assert first == "🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD"
    assert again.split("\n")[1:] == [f"may be a repeat: {first}", first]
    assert _alert(pipelines[0]) == Done(f"{EVENTS}: already delivered")
    assert len(pipelines[0].payloads(MessageStatus.UNKNOWN)) == 1


def test_what_was_sent_for_others_without_an_answer_isnt_sent_again_by_those_that_waited(
    pipelines: list[World],
) -> None:
    pipelines[0].simulator.faults.add(Fault(kind="cut", path="/services"))
    with ThreadPoolExecutor(2) as pool:
        waiting: list[Callable[[], Outcome]] = []

        def others_come() -> None:
            waiting.extend(pool.submit(_alert, each).result for each in pipelines[1:])
            while len(_waiting(pipelines[0])) < len(NAMES):
                time.sleep(0.01)

        with pytest.raises(DeliveryUnknownError):
            _alert(_while_waiting(pipelines[0], others_come))
        for result in waiting:
            with pytest.raises(DeliveryUnknownError):
                result()
    assert len(pipelines[0].delivered()) == 1
    assert _alert(pipelines[2]) == SENT
    assert [text.split("\n")[0] for text in pipelines[0].delivered()] == [
        "🚨📉 3 pipelines: bitcoin",
        "may be a repeat: 🚨📉 3 pipelines: bitcoin",
    ]
    assert [_alert(each) for each in pipelines[:2]] == [Done(f"{EVENTS}: already delivered")] * 2


def test_a_channel_of_its_own_is_delivered_apart(pipelines: list[World]) -> None:
    majors = replace(
        pipelines[0].spec,
        alerts=replace(pipelines[0].spec.alerts, webhook_variable="SLACK_WEBHOOK_URL_MAJORS"),
    )
    pipelines[0].simulator.faults.add(Fault(kind="status", path="/services", status=429, retry_after=7200))
    with pytest.raises(SlackUnavailableError):
        _alert(replace(pipelines[0], spec=majors))
    assert _alert(pipelines[1]) == SENT
    assert pipelines[0].delivered() == ["🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD"]


def _in_a_task(world: World, now: datetime = CRASH) -> World:
    """The same pipeline in a task that may not wait at all."""

    def give_up(_seconds: float, reason: str) -> None:
        raise WaitNeededError(reason, now)

    return replace(world, services=replace(world.services, wait=give_up, now=lambda: now))


def test_tasks_of_a_group_give_their_slots_back_and_the_first_to_come_back_sends_for_all(
    pipelines: list[World],
) -> None:
    for each in pipelines:
        with pytest.raises(WaitNeededError):
            _alert(_in_a_task(each))
    assert pipelines[0].delivered() == []
    later = CRASH + timedelta(seconds=20)
    assert _alert(_in_a_task(pipelines[1], later)) == SENT
    assert [_alert(_in_a_task(each, later)) for each in (pipelines[0], pipelines[2])] == [
        Done(f"{EVENTS}: already delivered")
    ] * 2
    (text,) = pipelines[0].delivered()
    assert text.split("\n")[0] == "🚨📉 3 pipelines: bitcoin"


def test_a_message_that_slack_puts_off_is_undelivered_and_no_repeat(pipelines: list[World]) -> None:
    later = CRASH + timedelta(seconds=20)
    pipelines[0].simulator.faults.add(Fault(kind="status", path="/services", status=429, retry_after=30))
    with pytest.raises(WaitNeededError):
        _alert(_in_a_task(pipelines[0]))
    with pytest.raises(WaitNeededError):
        _alert(_in_a_task(pipelines[0], later))
    assert _statuses(pipelines[:1]) == [{DeliveryStatus.UNDELIVERED}]
    assert _alert(_in_a_task(pipelines[0], later + timedelta(seconds=30))) == SENT
    assert pipelines[0].delivered() == ["🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD"]


def test_who_finds_another_sender_at_work_gives_its_slot_back(pipelines: list[World]) -> None:
    reasons: list[str] = []

    def another_comes() -> None:
        with pytest.raises(WaitNeededError) as caught:
            _alert(_in_a_task(pipelines[1]))
        reasons.append(caught.value.reason)

    assert _alert(_while_waiting(pipelines[0], another_comes)) == SENT
    assert reasons == ["another process sends the alerts of SLACK_WEBHOOK_URL"]
    assert pipelines[0].delivered()[0].startswith("🚨📉 2 pipelines: bitcoin")
    assert _alert(_in_a_task(pipelines[1])) == Done(f"{EVENTS}: already delivered")

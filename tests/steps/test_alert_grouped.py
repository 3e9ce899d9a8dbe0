"""Pipelines that fire in one moment, against a simulated Slack."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline_lib.store.state.alert_records import AlertRecords

from pipeline_lib import steps
from pipeline_lib.errors import SlackRefusedError, SlackUnavailableError
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
    services = replace(world.services, now=lambda: CRASH, sleep=waits.append)
    worlds = [replace(world, spec=replace(world.spec, name=name), services=services) for name in NAMES]
    for each in worlds:
        each.fetch(CRASH)
    return worlds


def _alert(world: World) -> Outcome:
    return steps.send_price_alerts(world.spec, Run(CRASH), world.services)


def _while_waiting(world: World, act: Callable[[], object]) -> World:
    """The same pipeline; while its run waits for others, something happens."""

    def sleep(_seconds: float) -> None:
        act()

    return replace(world, services=replace(world.services, sleep=sleep))


def _records(world: World) -> list[str]:
    return [name for name in world.files() if name.endswith("20180205T140000Z.json") and "alerts/" in name]


def test_pipelines_that_fire_in_one_moment_share_a_message(pipelines: list[World]) -> None:
    first, *others = pipelines
    with ThreadPoolExecutor(2) as pool:
        waiting: list[Callable[[], Outcome]] = []

        def others_come() -> None:
            futures = [pool.submit(_alert, each) for each in others]
            waiting.extend(future.result for future in futures)
            outbox = first.data / "alerts" / ".outbox" / "SLACK_WEBHOOK_URL"
            while len(list(outbox.glob("[!.]*.json"))) < len(NAMES):
                pass

        assert _alert(_while_waiting(first, others_come)) == SENT
        assert [result() for result in waiting] == [WAITED, WAITED]
    (text,) = first.delivered()
    assert text.split("\n")[0] == "🚨📉 3 pipelines: bitcoin"
    assert len(_records(first)) == len(NAMES)
    assert not list(first.data.glob("alerts/.outbox/*/[!.]*.json"))


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
    waiting = pipelines[0].files()
    assert len([name for name in waiting if ".outbox" in name]) == 2
    assert not any("/services" in name or b"/services" in content for name, content in waiting.items())
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


def test_a_death_between_slacks_answer_and_the_record_delivers_twice(
    pipelines: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(AlertRecords, "add", die)
        with pytest.raises(KeyboardInterrupt):
            _alert(pipelines[0])
    assert _alert(pipelines[0]) == SENT
    assert len(pipelines[0].delivered()) == 2


def test_a_channel_of_its_own_is_delivered_apart(pipelines: list[World]) -> None:
    majors = replace(
        pipelines[0].spec, alerts=replace(pipelines[0].spec.alerts, webhook_variable="SLACK_MAJORS")
    )
    pipelines[0].simulator.faults.add(Fault(kind="status", path="/services", status=429, retry_after=3600))
    with pytest.raises(SlackUnavailableError):
        _alert(replace(pipelines[0], spec=majors))
    assert _alert(pipelines[1]) == SENT
    assert pipelines[0].delivered() == ["🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD"]

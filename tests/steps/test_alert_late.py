"""Alerts that come late, out of order or by a backfill, and those that stay undelivered."""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from pipeline_lib import steps
from pipeline_lib.database.statistics import observed
from pipeline_lib.errors import SlackRefusedError
from pipeline_lib.model.events import DeliveryStatus
from pipeline_lib.model.observation import ObservedPrice
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps import Run
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)
FALL = "🚨📉 bitcoin -9.99 % in 1h: 7,202.50 USD"


def _run(world: World, hours: int, *, is_backfill: bool = False) -> Outcome:
    moment = CRASH + hours * HOUR
    world.fetch(moment)
    run = Run(moment, is_backfill=is_backfill)
    return steps.send_price_alerts(world.spec, run, replace(world.services, now=lambda: moment))


def _without_webhook(world: World) -> World:
    return replace(world, services=replace(world.services, find_slack_webhook=lambda: None))


def _message(world: World) -> str:
    return json.dumps(world.simulator.slack_messages[-1].body, ensure_ascii=False)


def test_the_next_run_delivers_what_a_failed_one_left_marked_late(world: World) -> None:
    world.simulator.faults.add(Fault(kind="status", path="/services", status=404))
    with pytest.raises(SlackRefusedError):
        _run(world, 0)
    assert _run(world, 1) == Done(
        "-9.99 % in 1h (fired), -10.00 % in 24h (fired), -0.03 % in 1h (cleared): delivered to Slack"
    )
    assert _message(world).count("_late: event at 2018-02-05T14:00:00Z_") == 2
    assert _run(world, 0) == Done("-9.99 % in 1h (fired), -10.00 % in 24h (fired): already delivered")
    assert len(world.delivered()) == 1


def test_a_run_long_after_its_moment_says_so(world: World) -> None:
    world.fetch(CRASH)
    late = replace(world.services, now=lambda: CRASH + 3 * HOUR)
    steps.send_price_alerts(world.spec, Run(CRASH), late)
    assert "2018-02-05T14:00:00Z _(3 h late)_" in _message(world)


def test_what_stays_undelivered_for_a_day_expires_and_is_named_once(world: World) -> None:
    silent = _without_webhook(world)
    assert isinstance(_run(silent, 0), Skipped)
    expired = "expired undelivered after 24 h: -9.99 % in 1h (fired), -10.00 % in 24h (fired)"
    assert _run(world, 25) == Done(f"no move reaches its threshold; {expired}", (expired,))
    assert world.delivered() == []
    assert _run(world, 26) == Done("no move reaches its threshold")
    assert set(world.events().values()) == {DeliveryStatus.EXPIRED}
    assert world.payloads() == []


def test_the_end_of_an_episode_that_expired_is_not_delivered(world: World) -> None:
    silent = _without_webhook(world)
    for hours in range(25):
        _run(silent, hours)
    _run(world, 25)
    _run(world, 26)
    assert world.delivered() == []


def test_an_earlier_run_that_comes_later_repeats_nothing(world: World) -> None:
    _run(world, 1)
    assert world.delivered() == ["⚠️📉 bitcoin -10.00 % in 24h: 7,200.50 USD"]
    # The fall over 24 hours began an hour before it was delivered; the fall over one hour is news.
    assert _run(world, 0) == Done("-9.99 % in 1h (fired): delivered to Slack")
    assert _run(world, 2) == Done("-0.03 % in 1h (cleared): delivered to Slack")
    assert "_late: event at 2018-02-05T15:00:00Z_" in _message(world)


def test_a_backfilled_run_brings_about_no_message_of_a_later_one(world: World) -> None:
    _run(world, -3)
    assert _run(world, 0, is_backfill=True) == Skipped("backfilled runs send no alerts")
    assert _run(world, 1) == Done("no new event of ongoing episodes: 24h")
    assert world.delivered() == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_a_backfilled_stretch_takes_part_in_whatever_order_it_comes(world: World, order: list[int]) -> None:
    _run(world, -3)
    for hours in order:
        _run(world, hours, is_backfill=True)
    _run(world, 3)
    assert world.delivered() == []


def test_a_backfilled_run_that_alerts_is_delivered_like_any_other(world: World) -> None:
    asking = world.with_spec(lambda spec: replace(spec, alerts=replace(spec.alerts, on_backfill=True)))
    _run(asking, 0, is_backfill=True)
    _run(asking, 1)
    assert world.delivered() == [FALL, "✅ bitcoin calm again, -0.03 % in 1h: 7,200.50 USD"]


def test_the_cooldown_reminds_of_what_lasts(world: World) -> None:
    cooled = world.with_spec(
        lambda spec: replace(spec, alerts=replace(spec.alerts, cooldown=timedelta(hours=6)))
    )
    for hours in range(14):
        _run(cooled, hours)
    reminders = [text for text in world.delivered() if "still" in text]
    assert reminders == [
        "⚠️📉 bitcoin still -10.00 % in 24h: 7,202.50 USD",
        "⚠️📉 bitcoin still -10.00 % in 24h: 7,202.50 USD",
    ]


def test_a_run_reads_no_more_of_the_past_than_its_rules_look_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    since: list[datetime] = []
    read_prices = observed.read_prices

    def noted(
        connection: Connection, series_ids: Collection[int], first: datetime, last: datetime
    ) -> dict[int, list[ObservedPrice]]:
        since.append(first)
        return read_prices(connection, series_ids, first, last)

    for hours in range(-12, 25):
        _run(world, hours)
    monkeypatch.setattr(observed, "read_prices", noted)
    _run(world, 25)
    furthest = max(CRASH + 25 * HOUR - moment for moment in since)
    assert furthest <= timedelta(hours=48 + 24 + 24, minutes=5)

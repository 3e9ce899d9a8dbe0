"""Large moves between market and archive, which a later price confirms or doesn't."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pipeline_lib.errors import ImplausibleJumpError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator
from tests.steps.past_world import LATE, fetch
from tests.steps.world import ASKED_AT, CRASH, World

HOUR = timedelta(hours=1)
LOG = "btc_raw.csv"


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def wary(world: World, waited: list[float]) -> World:
    """The market an hour before the crash of a tenth is stored; more than 5 % needs a confirmation.

    A wait passes in the simulated market alone.
    """

    def wait(seconds: float, _reason: str) -> None:
        waited.append(seconds)
        world.simulator.clock.set(world.simulator.clock.now() + timedelta(seconds=seconds))

    careful = world.with_spec(
        lambda spec: replace(spec, quality=replace(spec.quality, max_jump_percent=Decimal(5)))
    )
    careful = replace(careful, services=replace(careful.services, wait=wait))
    careful.fetch(CRASH - HOUR)
    return careful


def priced(price: str, times: int | None = 1) -> Fault:
    return Fault(kind="replace_field", field="current_price", value=float(price), times=times)


def warnings(outcome: Outcome) -> tuple[str, ...]:
    assert isinstance(outcome, Done)
    return outcome.warnings


def test_a_jump_that_a_later_price_confirms_is_stored_and_told(wary: World, waited: list[float]) -> None:
    outcome = wary.fetch(CRASH)
    assert wary.files()[LOG].splitlines()[-1].startswith(b"2018-02-05T14:00:00Z,bitcoin,usd,7202.50,")
    assert warnings(outcome) == (
        (
            "btc: 7202.50 USD of 2018-02-05T14:00:00Z after 8001.50 USD of 2018-02-05T13:00:00Z,"
            " a move of -9.99 %, confirmed by 7202.50 USD of 2018-02-05T14:01:05Z"
        ),
    )
    assert (waited, len(wary.simulator.requests), wary.quarantined()) == ([65.0], 3, [])


def test_a_jump_that_was_a_bad_tick_is_refused_and_kept(wary: World, waited: list[float]) -> None:
    before = wary.files()
    wary.simulator.faults.add(priced("80015"))
    with pytest.raises(ImplausibleJumpError) as caught:
        wary.fetch(CRASH)
    (kept,) = wary.quarantined()
    assert str(caught.value) == (
        "price of 'bitcoin' refused: 80015.0 USD of 2018-02-05T14:00:00Z after 8001.50 USD of"
        " 2018-02-05T13:00:00Z, a move of +900.00 %, not confirmed by 7202.50 USD of"
        " 2018-02-05T14:01:05Z (compare with the coin's page on CoinGecko; where such moves are true, raise"
        " quality.max_jump in the spec (now 5 %));"
        f" to see what came: coin-pipelines quarantine btc {kept.number}"
    )
    refused = kept.refused
    assert b'"current_price":80015.0,' in (refused.answer or b"")
    assert (refused.url or "").startswith(
        f"{wary.simulator.base_url}/coins/markets?vs_currency=usd&ids=bitcoin"
    )
    assert (refused.kind, refused.requested_at) == ("implausible-jump", ASKED_AT)
    assert refused.reason in str(caught.value)
    assert wary.files() == before
    assert waited == [65.0]


def test_after_a_bad_tick_a_retry_stores_the_true_price(wary: World) -> None:
    wary.simulator.faults.add(priced("80015"))
    with pytest.raises(ImplausibleJumpError):
        wary.fetch(CRASH)
    wary.fetch(CRASH)
    assert b",7202.50," in wary.files()[LOG].splitlines()[-1]


def test_a_market_that_stands_still_confirms_nothing(wary: World) -> None:
    still = replace(wary, services=replace(wary.services, wait=lambda _seconds, _reason: None))
    with pytest.raises(ImplausibleJumpError, match=r"not confirmed by 7202\.50 USD of 2018-02-05T14:00"):
        still.fetch(CRASH)


def test_a_market_without_an_answer_confirms_nothing(wary: World) -> None:
    def cut_off(_seconds: float, _reason: str) -> None:
        wary.simulator.faults.add(Fault(kind="status", status=401, times=None))

    alone = replace(wary, services=replace(wary.services, wait=cut_off))
    with pytest.raises(ImplausibleJumpError, match="not confirmed: CoinGecko answered 401"):
        alone.fetch(CRASH)
    assert len(wary.quarantined()) == 1


@pytest.mark.parametrize("limit", ["9.99", "10", "50"])
def test_only_a_move_beyond_the_limit_needs_a_confirmation(
    wary: World, waited: list[float], limit: str
) -> None:
    wary.with_spec(
        lambda spec: replace(spec, quality=replace(spec.quality, max_jump_percent=Decimal(limit)))
    ).fetch(CRASH)
    assert waited == []


def test_the_first_price_stands_alone(world: World, waited: list[float]) -> None:
    strict = world.with_spec(
        lambda spec: replace(spec, quality=replace(spec.quality, max_jump_percent=Decimal("0.001")))
    )
    replace(
        strict, services=replace(strict.services, wait=lambda seconds, _reason: waited.append(seconds))
    ).fetch(CRASH)
    assert waited == []


@contextmanager
def history(world: World, prices: dict[datetime, str]) -> Iterator[World]:
    """The same pipeline long after the crash, in a market whose history has these prices and no others."""
    path = world.data.parent / "history.csv"
    rows = [f"{moment:%Y-%m-%dT%H:%M:%SZ},{price}" for moment, price in sorted(prices.items())]
    path.write_text("\n".join(["timestamp,close_usd", *rows, ""]), encoding="utf-8")
    clock = SimulatedClock(lambda: LATE)
    clock.set(LATE)
    with Simulator({"bitcoin": CsvSeries(path)}, clock) as simulator:
        settings = replace(
            world.services.settings,
            coingecko_base_url=simulator.base_url,
            history_tolerance=timedelta(minutes=30),
        )
        services = replace(world.services, settings=settings, now=clock.now)
        yield replace(world, services=services, simulator=simulator)


@pytest.mark.parametrize("next_price", ["7202", "7500", "6900"])
def test_a_jump_in_the_past_is_confirmed_by_the_hour_after_it(
    wary: World, waited: list[float], next_price: str
) -> None:
    with history(wary, {CRASH: "7202", CRASH + HOUR: next_price}) as past:
        outcome = fetch(past, CRASH, is_backfill=True)
    assert wary.files()[LOG].splitlines()[-1].startswith(b"2018-02-05T14:00:00Z,bitcoin,usd,7202,")
    assert warnings(outcome) == (
        (
            "btc: 7202 USD of 2018-02-05T14:00:00Z after 8001.50 USD of 2018-02-05T13:00:00Z,"
            f" a move of -9.99 %, confirmed by {next_price} USD of 2018-02-05T15:00:00Z"
        ),
    )
    assert waited == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({CRASH + HOUR: "8000"}, "not confirmed by 8000 USD of 2018-02-05T15:00:00Z"),
        ({CRASH + HOUR: "6800"}, "not confirmed by 6800 USD of 2018-02-05T15:00:00Z"),
        ({}, "not confirmed: CoinGecko's history of 'bitcoin' has no price of 2018-02-05T15:00:00Z"),
    ],
)
def test_a_jump_in_the_past_that_stands_alone_is_refused_and_kept(
    wary: World, after: dict[datetime, str], told: str
) -> None:
    with (
        history(wary, {CRASH: "7202", **after}) as past,
        pytest.raises(ImplausibleJumpError, match=re.escape(f"a move of -9.99 %, {told}")),
    ):
        fetch(past, CRASH, is_backfill=True)
    (kept,) = wary.quarantined()
    answer = kept.refused.answer or b""
    assert answer.startswith(f'{{"prices":[[{int(CRASH.timestamp()) * 1000},7202]]'.encode())


def test_a_point_of_the_past_is_held_against_the_one_before_it_and_not_against_the_latest(
    wary: World, waited: list[float]
) -> None:
    wary.fetch(CRASH)
    waited.clear()
    moment = CRASH - HOUR / 2
    with history(wary, {moment: "8001"}) as past:
        outcome = fetch(past, moment, is_backfill=True)
    assert (warnings(outcome), waited) == ((), [])
    assert b"2018-02-05T13:30:00Z,bitcoin,usd,8001," in wary.files()[LOG]


class GoneError(Exception):
    """The task gave its slot back."""


@contextmanager
def in_a_task(world: World, minutes: float) -> Iterator[tuple[World, World]]:
    """The same run twice: it may not wait, and is run again when the market has gone on."""

    def give_up(_seconds: float, _reason: str) -> None:
        raise GoneError

    services = replace(world.services, wait=give_up)
    first = replace(world, services=services).in_another_process()
    world.simulator.clock.set(CRASH)
    with pytest.raises(GoneError):
        fetch(first, CRASH)
    world.simulator.clock.set(CRASH + timedelta(minutes=minutes))
    later = replace(services, now=lambda: ASKED_AT + timedelta(minutes=minutes))
    yield first, replace(world, services=later).in_another_process()


def test_a_task_leaves_its_first_quote_to_its_next_part_however_late_that_comes(wary: World) -> None:
    asked_before = len(wary.simulator.requests)
    # By then no quote is of the run's moment any more.
    with in_a_task(wary, minutes=20) as (_, again):
        with again.services.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM shared_answers")
        outcome = fetch(again, CRASH)
    assert wary.files()[LOG].splitlines()[-1].startswith(b"2018-02-05T14:00:00Z,bitcoin,usd,7202.50,")
    assert warnings(outcome)[0].endswith(
        "a move of -9.99 %, confirmed by 7202.50 USD of 2018-02-05T14:20:00Z"
    )
    assert len(wary.simulator.requests) == asked_before + 2


def test_a_first_quote_that_was_refused_meanwhile_is_asked_for_anew(wary: World) -> None:
    wary.simulator.faults.add(priced("80015"))
    with in_a_task(wary, minutes=2) as (_, again):
        with pytest.raises(ImplausibleJumpError):
            fetch(again, CRASH)
        with pytest.raises(GoneError):
            fetch(again, CRASH)
    assert len(wary.quarantined()) == 1


def test_a_first_quote_of_an_earlier_run_is_none_of_this_one(wary: World) -> None:
    with in_a_task(wary, minutes=60) as (_, again), pytest.raises(GoneError):
        fetch(again, CRASH + HOUR)

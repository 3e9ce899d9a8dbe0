"""The gate between the market and the archive, against the simulated market."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.archive.snapshots import Snapshot
from pipeline_lib.errors import ImplausibleJumpError, UnexpectedAnswerError
from pipeline_lib.model.observation import Observation, Provenance
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Run, Services
from pipeline_lib.steps.fetching.confirm_jump import TakeSnapshot
from pipeline_lib.steps.fetching.live import TakenSnapshot
from pipeline_lib.steps.fetching.quality import take_checked_snapshot
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)
LOG = "btc_raw.csv"


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def wary(world: World, waited: list[float]) -> World:
    """The market an hour before the crash of a tenth is stored; more than 5 % needs a second look.

    A wait passes in the simulated market alone.
    """

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        world.simulator.clock.set(world.simulator.clock.now() + timedelta(seconds=seconds))

    careful = world.with_spec(
        lambda spec: replace(spec, quality=replace(spec.quality, max_jump_percent=Decimal(5)))
    )
    careful = replace(careful, services=replace(careful.services, sleep=sleep))
    careful.fetch(CRASH - HOUR)
    return careful


def priced(price: str, times: int | None = 1) -> Fault:
    return Fault(kind="replace_field", field="current_price", value=float(price), times=times)


def quarantined(world: World) -> list[Path]:
    return sorted((world.data / "quarantine" / "btc").glob("*"))


def warnings(outcome: Outcome) -> tuple[str, ...]:
    assert isinstance(outcome, Done)
    return outcome.warnings


def test_a_jump_that_a_second_look_confirms_is_stored_and_told(wary: World, waited: list[float]) -> None:
    outcome = wary.fetch(CRASH)
    assert wary.files()[LOG].splitlines()[-1].startswith(b"2018-02-05T14:00:00Z,bitcoin,usd,7202.50,")
    assert warnings(outcome) == (
        (
            "btc: 7202.50 USD of 2018-02-05T14:00:00Z after 8001.50 USD of 2018-02-05T13:00:00Z,"
            " a move of -9.99 %; a second look found 7202.50 USD of 2018-02-05T14:01:05Z"
        ),
    )
    assert (waited, len(wary.simulator.requests), quarantined(wary)) == ([65.0], 3, [])


def test_a_jump_that_was_a_bad_tick_is_refused_and_kept(wary: World, waited: list[float]) -> None:
    before = wary.files()
    wary.simulator.faults.add(priced("80015"))
    with pytest.raises(ImplausibleJumpError) as caught:
        wary.fetch(CRASH)
    (path,) = quarantined(wary)
    assert str(caught.value) == (
        "price of 'bitcoin' refused: 80015.0 USD of 2018-02-05T14:00:00Z after 8001.50 USD of"
        " 2018-02-05T13:00:00Z, a move of +900.00 %, and a second look found 7202.50 USD of"
        " 2018-02-05T14:01:05Z (quality.max_jump allows 5 %; if the move is true, a later try confirms it);"
        f" what came is kept in {path}"
    )
    document = json.loads(path.read_bytes())
    assert '"current_price":80015.0,' in document["answer"]
    assert document["url"].startswith(f"{wary.simulator.base_url}/coins/markets?vs_currency=usd&ids=bitcoin")
    assert (document["kind"], document["requested_at"]) == ("implausible-jump", "2026-01-02T03:04:05Z")
    assert document["reason"] in str(caught.value)
    assert {name: content for name, content in wary.files().items() if name in before} == before
    assert set(wary.files()) - set(before) == {str(path.relative_to(wary.data))}
    assert waited == [65.0]


def test_after_a_bad_tick_a_retry_stores_the_true_price(wary: World) -> None:
    wary.simulator.faults.add(priced("80015"))
    with pytest.raises(ImplausibleJumpError):
        wary.fetch(CRASH)
    wary.fetch(CRASH)
    assert b",7202.50," in wary.files()[LOG].splitlines()[-1]


def test_a_market_that_stands_still_confirms_nothing(wary: World) -> None:
    still = replace(wary, services=replace(wary.services, sleep=lambda _: None))
    with pytest.raises(ImplausibleJumpError, match=r"second look found 7202\.50 USD of 2018-02-05T14:00"):
        still.fetch(CRASH)


def test_a_second_look_without_an_answer_confirms_nothing(wary: World) -> None:
    def cut_off(_: float) -> None:
        wary.simulator.faults.add(Fault(kind="status", status=401, times=None))

    alone = replace(wary, services=replace(wary.services, sleep=cut_off))
    with pytest.raises(ImplausibleJumpError, match="and a second look failed: CoinGecko answered 401"):
        alone.fetch(CRASH)
    assert len(quarantined(wary)) == 1


@pytest.mark.parametrize("limit", ["9.99", "10", "50"])
def test_only_a_move_beyond_the_limit_is_looked_at_again(
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
    replace(strict, services=replace(strict.services, sleep=waited.append)).fetch(CRASH)
    assert waited == []


def test_a_damaged_log_loses_no_price_and_is_told(wary: World) -> None:
    log = wary.data / LOG
    log.write_bytes(log.read_bytes().replace(b",8001.50,", b",nothing,"))
    checked = take_checked_snapshot(wary.spec, Run(CRASH), wary.services, historic({CRASH: "7202"}))
    assert checked.taken.snapshot.observation.price == 7202
    (warning,) = checked.warnings
    assert warning.startswith(f"btc: the move since the price before could not be checked: {log}:2: ")


def historic(prices: dict[datetime, str]) -> TakeSnapshot:
    """Takes snapshots from a history that has these prices and no others."""

    def take(spec: PipelineSpec, run: Run, services: Services) -> TakenSnapshot:
        if run.moment not in prices:
            raise UnexpectedAnswerError("no such point")
        observation = Observation(
            spec.coin,
            spec.vs_currency,
            run.moment,
            Decimal(prices[run.moment]),
            None,
            None,
            None,
            None,
            run.moment,
        )
        url = "https://api.example/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd"
        provenance = Provenance(url, services.now(), 200, f"[0, {prices[run.moment]}]")
        return TakenSnapshot(Snapshot(observation, provenance))

    return take


@pytest.mark.parametrize("next_price", ["7202", "7500", "6900"])
def test_a_jump_in_the_past_is_confirmed_by_the_hour_after_it(
    wary: World, waited: list[float], next_price: str
) -> None:
    take = historic({CRASH: "7202", CRASH + HOUR: next_price})
    checked = take_checked_snapshot(wary.spec, Run(CRASH), wary.services, take)
    assert checked.taken.snapshot.observation.price == 7202
    assert f"a second look found {next_price} USD of 2018-02-05T15:00:00Z" in checked.warnings[0]
    assert waited == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({CRASH + HOUR: "8000"}, "a second look found 8000 USD of 2018-02-05T15:00:00Z"),
        ({CRASH + HOUR: "6800"}, "a second look found 6800 USD of 2018-02-05T15:00:00Z"),
        ({}, "a second look failed: no such point"),
    ],
)
def test_a_jump_in_the_past_that_stands_alone_is_refused_and_kept(
    wary: World, after: dict[datetime, str], told: str
) -> None:
    with pytest.raises(ImplausibleJumpError, match=told):
        take_checked_snapshot(wary.spec, Run(CRASH), wary.services, historic({CRASH: "7202", **after}))
    (path,) = quarantined(wary)
    assert json.loads(path.read_bytes())["answer"] == "[0, 7202]"


def test_a_point_of_the_past_is_held_against_the_one_before_it_and_not_against_the_latest(
    wary: World, waited: list[float]
) -> None:
    wary.fetch(CRASH)
    waited.clear()
    take = historic({CRASH - HOUR / 2: "8001"})
    checked = take_checked_snapshot(wary.spec, Run(CRASH - HOUR / 2), wary.services, take)
    assert (checked.warnings, waited) == ((), [])

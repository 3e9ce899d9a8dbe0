"""What becomes of answers that are refused, against the simulated market."""

import errno
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.database.market import quarantine
from pipeline_lib.errors import (
    ImplausibleJumpError,
    InvalidQuoteError,
    MarketUnavailableError,
    RefusedBeforeError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.model.outcome import Outcome
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps import Run, fetch_and_save_price
from tests.steps.world import ASKED_AT, CRASH, World, says


def priced(price: int, times: int = 1) -> Fault:
    return Fault(kind="replace_field", field="current_price", value=price, times=times)


@pytest.mark.parametrize(
    ("fault", "error", "kind", "answer"),
    [
        (Fault(kind="malformed", body="<html>"), UnexpectedAnswerError, "unexpected-answer", "<html>"),
        (Fault(kind="unknown_coin", coin="bitcoin"), UnknownCoinError, "unknown-coin", "[]"),
        (priced(-1), InvalidQuoteError, "invalid-quote", '{"id":"bitcoin"'),
    ],
)
def test_any_refused_answer_is_kept_with_its_reason(
    world: World, fault: Fault, error: type[Exception], kind: str, answer: str
) -> None:
    world.simulator.faults.add(fault)
    with pytest.raises(error) as caught:
        world.fetch(CRASH)
    (kept,) = world.quarantined()
    assert str(caught.value).endswith(f"; to see what came: coin-pipelines quarantine btc {kept.number}")
    refused = kept.refused
    assert (refused.coin, refused.moment, refused.kind, refused.status) == ("bitcoin", CRASH, kind, 200)
    assert (refused.answer or b"").startswith(answer.encode())
    assert (refused.url or "").startswith(f"{world.simulator.base_url}/coins/markets?")
    assert str(caught.value).startswith(refused.reason)
    assert world.files() == {}


def test_retries_of_the_same_answer_dont_pile_up(world: World) -> None:
    world.simulator.faults.add(priced(-1, times=5))
    for _ in range(5):
        with pytest.raises(InvalidQuoteError):
            world.fetch(CRASH)
    assert len(world.quarantined()) == 1


def test_a_failure_without_an_answer_leaves_nothing_to_keep(world: World) -> None:
    world.simulator.faults.add(Fault(kind="status", status=429, retry_after=9999))
    with pytest.raises(MarketUnavailableError):
        world.fetch(CRASH)
    assert world.quarantined() == []


def test_a_full_disk_doesnt_hide_why_an_answer_was_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(quarantine, "keep", full)
    world.simulator.faults.add(priced(-1))
    with pytest.raises(InvalidQuoteError) as caught:
        world.fetch(CRASH)
    assert caught.value.shown_by is None
    assert "could not be kept: [Errno 28] No space left" in caught.value.__notes__[0]


def test_a_price_that_was_refused_is_asked_for_anew_instead_of_read_again(world: World) -> None:
    careful = world.with_spec(
        lambda spec: replace(spec, quality=replace(spec.quality, max_jump_percent=Decimal(20)))
    )
    careful = replace(careful, services=replace(careful.services, wait=lambda _seconds, _reason: None))
    careful.fetch(CRASH - timedelta(hours=1))
    careful.simulator.faults.add(priced(1000))
    with pytest.raises(ImplausibleJumpError):
        careful.fetch(CRASH)
    (kept,) = careful.quarantined()

    def fetch(seconds: int) -> Outcome:
        now = ASKED_AT + timedelta(seconds=seconds)
        access = replace(careful.services, now=lambda: now)
        return fetch_and_save_price(careful.spec, Run(CRASH), access)

    with pytest.raises(RefusedBeforeError) as caught:
        fetch(30)
    assert caught.value.shown_by == f"coin-pipelines quarantine btc {kept.number}"
    assert careful.quarantined() == [kept]
    assert says(fetch(61)).startswith("done: bitcoin 720")

"""``take_live`` when something is wrong: with one coin, with an answer, with who asks."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from pipeline_lib.errors import (
    InvalidQuoteError,
    MarketUnavailableError,
    MomentMismatchError,
    RequestRefusedError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.simulator.faults.queue import Fault
from tests.steps.live_market import COINS, HOUR, LiveMarket, stale


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="unknown_coin", coin="solana"), UnknownCoinError),
        (Fault(kind="null_field", field="current_price", coin="solana"), InvalidQuoteError),
        (Fault(kind="missing_field", field="market_cap", coin="solana"), UnexpectedAnswerError),
        (stale("solana", HOUR - timedelta(hours=2), times=1), MomentMismatchError),
    ],
)
def test_what_is_wrong_with_one_coin_fails_its_pipeline_alone(
    market: LiveMarket, fault: Fault, error: type[Exception]
) -> None:
    market.simulator.faults.add(fault)
    with pytest.raises(error, match="solana"):
        market.take("solana")
    for coin in ("bitcoin", "ethereum", "litecoin"):
        market.take(coin)
    assert len(market.asked) == 1


FAILURES: list[tuple[Fault, type[Exception], int]] = [
    (Fault(kind="status", status=503, retry_after=7200, times=None), MarketUnavailableError, 1),
    (Fault(kind="status", status=401, error_code=10002, times=None), RequestRefusedError, 1),
    (Fault(kind="malformed", times=None), UnexpectedAnswerError, 1),
    (Fault(kind="malformed", body='[{"id":"bitcoin"}', times=None), UnexpectedAnswerError, 1),
]


@pytest.mark.parametrize(("fault", "error", "calls"), FAILURES)
def test_a_failure_is_shared_until_the_first_retry(
    market: LiveMarket, fault: Fault, error: type[Exception], calls: int
) -> None:
    market.simulator.faults.add(fault)
    messages = []
    for coin in COINS:
        with pytest.raises(error) as caught:
            market.take(coin)
        messages.append(str(caught.value))
    assert len(market.asked) == calls
    assert len(set(messages)) == 2
    assert ", at 2025-06-01T14:00:05Z" in messages[1]
    # retry_delay is 30 s.
    market.simulator.faults.clear()
    market.at(HOUR + timedelta(seconds=34))
    with pytest.raises(error):
        market.take("bitcoin")
    market.at(HOUR + timedelta(seconds=35))
    assert [market.take(coin).observation.coin for coin in COINS] == list(COINS)
    assert len(market.asked) == calls + 1


def test_a_failure_of_a_clock_that_was_fast_holds_up_nobody(market: LiveMarket) -> None:
    market.simulator.faults.add(Fault(kind="status", status=401, error_code=10002, times=1))
    market.at(HOUR + timedelta(hours=1))
    with pytest.raises(RequestRefusedError):
        market.take("bitcoin")
    market.at(HOUR + timedelta(seconds=5))
    assert market.take("bitcoin").observation.coin == "bitcoin"


def test_pages_that_cant_be_read_are_planned_again(market: LiveMarket) -> None:
    market.take("bitcoin")
    with market.writing() as connection:
        connection.execute(text("UPDATE shared_answers SET coins = '[\"bitcoin'"))
    # Another spec, so another page: the answer that is there is not for it.
    market.write("another", "another-coin")
    with pytest.raises(UnknownCoinError):
        market.take("another")
    assert market.take("bitcoin").observation.coin == "bitcoin"
    assert market.asked[1:] == ["another-coin,bitcoin,ethereum,litecoin,solana"]

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.errors import (
    InvalidQuoteError,
    MarketUnavailableError,
    MomentMismatchError,
    RequestRefusedError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.market import CoinGecko, Transport, find_observation
from pipeline_lib.market.history.past_quotes import find_past_quote
from pipeline_lib.market.history.ranges import HistoryRange
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator

HOUR = timedelta(hours=1)
MAX_AGE = timedelta(minutes=10)


def test_an_observation_is_the_quote_at_the_runs_moment(
    simulator: Simulator, market: CoinGecko, moment: datetime
) -> None:
    snapshot = market.observe("bitcoin", "usd", moment, MAX_AGE)
    observation, provenance = snapshot.observation, snapshot.provenance
    assert (observation.coin, observation.vs_currency, observation.moment) == ("bitcoin", "usd", moment)
    assert str(observation.price) == "7325.10"
    assert observation.total_volume == Decimal("100.5")
    assert observation.last_updated == moment
    assert observation.change_1h_percent is not None
    assert float(observation.change_1h_percent) == pytest.approx((7325.10 / 8023.5 - 1) * 100)
    assert observation.change_24h_percent is not None
    assert float(observation.change_24h_percent) == pytest.approx((7325.10 / 8000.5 - 1) * 100)
    assert provenance.status == 200
    assert '"current_price":7325.10' in provenance.answer
    assert provenance.url == (
        f"{simulator.base_url}/coins/markets"
        "?vs_currency=usd&ids=bitcoin&per_page=250&price_change_percentage=1h%2C24h"
    )


def test_what_is_asked_for_has_both_moves(simulator: Simulator, market: CoinGecko, moment: datetime) -> None:
    market.observe("bitcoin", "usd", moment, MAX_AGE)
    (request,) = simulator.requests
    assert request.path == "/coins/markets"
    assert request.query == {
        "vs_currency": "usd",
        "ids": "bitcoin",
        "per_page": "250",
        "price_change_percentage": "1h,24h",
    }


def test_the_time_of_asking_is_the_real_clocks(transport: Transport, moment: datetime) -> None:
    market = CoinGecko(transport, lambda: datetime(2018, 2, 5, 14, 1, 2, 999_999, tzinfo=UTC))
    provenance = market.observe("bitcoin", "usd", moment, MAX_AGE).provenance
    assert provenance.requested_at == datetime(2018, 2, 5, 14, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [-600, -1, 0, 1, 600])
def test_a_quote_as_old_as_allowed_is_taken(market: CoinGecko, moment: datetime, seconds: int) -> None:
    run = moment + timedelta(seconds=seconds)
    observation = market.observe("bitcoin", "usd", run, MAX_AGE).observation
    assert (observation.moment, observation.last_updated) == (run, moment)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-601, "2018-02-05T13:49:59Z"), (601, "2018-02-05T14:10:01Z")]
)
def test_a_quote_of_another_time_is_refused(
    simulator: Simulator, market: CoinGecko, moment: datetime, seconds: int, shown: str
) -> None:
    with pytest.raises(MomentMismatchError) as caught:
        market.observe("bitcoin", "usd", moment + timedelta(seconds=seconds), MAX_AGE)
    error = caught.value
    assert (error.coin, error.moment, error.last_updated) == ("bitcoin", shown, "2018-02-05T14:00:00Z")
    assert str(error) == (
        f"the quote of 'bitcoin' is of 2018-02-05T14:00:00Z, not of the run's moment {shown}"
        " (where CoinGecko updates this coin less often, raise quality.max_age in the spec (now 600 s))"
    )
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("span", ["1h", "24h"])
def test_a_move_that_the_source_leaves_out_stays_none(
    simulator: Simulator, market: CoinGecko, moment: datetime, span: str
) -> None:
    simulator.faults.add(Fault(kind="null_field", field=f"price_change_percentage_{span}_in_currency"))
    observation = market.observe("bitcoin", "usd", moment, MAX_AGE).observation
    moves = {"1h": observation.change_1h_percent, "24h": observation.change_24h_percent}
    assert moves.pop(span) is None
    assert None not in moves.values()


@pytest.mark.parametrize("price", [None, 0, -1.5, "7325.10"])
def test_a_price_that_cant_be_one_is_refused_at_once(
    simulator: Simulator, market: CoinGecko, moment: datetime, price: float | str | None
) -> None:
    simulator.faults.add(Fault(kind="replace_field", field="current_price", value=price))
    with pytest.raises(InvalidQuoteError):
        market.observe("bitcoin", "usd", moment, MAX_AGE)
    assert len(simulator.requests) == 1


def test_a_missing_field_is_not_what_was_promised(
    simulator: Simulator, market: CoinGecko, moment: datetime
) -> None:
    simulator.faults.add(Fault(kind="missing_field", field="last_updated"))
    with pytest.raises(UnexpectedAnswerError, match=r"has no field last_updated \(see what came: "):
        market.observe("bitcoin", "usd", moment, MAX_AGE)


def test_an_unknown_coin_is_told(simulator: Simulator, market: CoinGecko, moment: datetime) -> None:
    with pytest.raises(UnknownCoinError) as caught:
        market.observe("bitcoinn", "usd", moment, MAX_AGE)
    assert caught.value.coin == "bitcoinn"
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_repeated(
    simulator: Simulator, market: CoinGecko, moment: datetime, status: int
) -> None:
    simulator.faults.add(Fault(kind="status", status=status))
    with pytest.raises(RequestRefusedError) as caught:
        market.observe("bitcoin", "usd", moment, MAX_AGE)
    assert caught.value.status == status
    assert len(simulator.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [Fault(kind="status", status=status, times=2) for status in (408, 429, 500, 503)]
    + [Fault(kind="cut", times=2)],
    ids=lambda fault: f"{fault.kind} {fault.status or ''}",
)
def test_a_failure_of_the_moment_is_tried_again(
    simulator: Simulator, market: CoinGecko, moment: datetime, fault: Fault
) -> None:
    simulator.faults.add(fault)
    observation = market.observe("bitcoin", "usd", moment, MAX_AGE).observation
    assert observation.price == Decimal("7325.10")
    assert len(simulator.requests) == 3


def test_tries_have_an_end(simulator: Simulator, market: CoinGecko, moment: datetime) -> None:
    simulator.faults.add(Fault(kind="status", status=503, times=None))
    with pytest.raises(MarketUnavailableError) as caught:
        market.observe("bitcoin", "usd", moment, MAX_AGE)
    assert caught.value.status == 503
    assert len(simulator.requests) == 3


def test_retry_after_is_honoured(simulator: Simulator, market: CoinGecko, moment: datetime) -> None:
    simulator.faults.add(Fault(kind="status", status=429, retry_after=1))
    start = time.monotonic()
    market.observe("bitcoin", "usd", moment, MAX_AGE)
    assert 1 <= time.monotonic() - start < 5
    assert len(simulator.requests) == 2


def test_a_retry_after_past_the_cap_ends_the_tries_at_once(
    simulator: Simulator, transport: Transport, moment: datetime
) -> None:
    simulator.faults.add(Fault(kind="status", status=429, retry_after=119))
    market = CoinGecko(transport, lambda: moment, RetryPolicy())
    start = time.monotonic()
    with pytest.raises(MarketUnavailableError) as caught:
        market.observe("bitcoin", "usd", moment, MAX_AGE)
    assert time.monotonic() - start < 2
    assert caught.value.retry_after == 119.0
    assert len(simulator.requests) == 1


def test_many_coins_are_asked_for_at_once(simulator: Simulator, market: CoinGecko, moment: datetime) -> None:
    answer = market.ask_quotes(("bitcoin", "bitcoin-cash"), "usd")
    assert simulator.requests[0].query["ids"] == "bitcoin,bitcoin-cash"
    assert (answer.vs_currency, answer.coins) == ("usd", ("bitcoin", "bitcoin-cash"))
    assert find_observation(answer, "bitcoin", moment, MAX_AGE).observation.coin == "bitcoin"
    with pytest.raises(UnknownCoinError):
        find_observation(answer, "bitcoin-cash", moment, MAX_AGE)


def test_a_range_of_history_is_asked_for_in_unix_seconds(
    simulator: Simulator, market: CoinGecko, moment: datetime
) -> None:
    wanted = HistoryRange(moment - 2 * HOUR, moment)
    answer = market.ask_history("bitcoin", "usd", wanted)
    (request,) = simulator.requests
    assert request.path == "/coins/bitcoin/market_chart/range"
    assert request.query == {"vs_currency": "usd", "from": "1517832000", "to": "1517839200"}
    assert (answer.start, answer.end, answer.requested_at) == (wanted.start, wanted.end, moment)
    assert find_past_quote(answer.body, "bitcoin", moment, HOUR).price == Decimal("7325.10")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="unknown_coin", coin="bitcoin"), UnknownCoinError),
        (Fault(kind="status", status=401, error_code=10012), RequestRefusedError),
        (Fault(kind="status", status=503), MarketUnavailableError),
        (Fault(kind="malformed"), UnexpectedAnswerError),
    ],
)
def test_a_failure_of_history_has_its_type(
    simulator: Simulator, transport: Transport, moment: datetime, fault: Fault, error: type[Exception]
) -> None:
    simulator.faults.add(fault)
    market = CoinGecko(transport, lambda: moment, RetryPolicy(attempts=1))
    with pytest.raises(error):
        market.ask_history("bitcoin", "usd", HistoryRange(moment - HOUR, moment))


def test_history_that_is_refused_is_carried_with_its_source(
    simulator: Simulator, market: CoinGecko, moment: datetime
) -> None:
    simulator.faults.add(Fault(kind="malformed", body='{"prices": [[1,'))
    with pytest.raises(UnexpectedAnswerError) as caught:
        market.ask_history("bitcoin", "usd", HistoryRange(moment - HOUR, moment))
    assert (caught.value.answer, caught.value.requested_at) == (b'{"prices": [[1,', moment)
    assert (caught.value.url or "").startswith(f"{simulator.base_url}/coins/bitcoin/market_chart/range?")


def test_an_unknown_coin_of_history_tells_when_it_was_asked_for(market: CoinGecko, moment: datetime) -> None:
    with pytest.raises(UnknownCoinError) as caught:
        market.ask_history("bitcoinn", "usd", HistoryRange(moment - HOUR, moment))
    error = caught.value
    assert (error.coin, error.answer, error.url, error.requested_at) == ("bitcoinn", None, None, moment)


def test_a_failure_of_history_that_passes_is_tried_again(
    simulator: Simulator, market: CoinGecko, moment: datetime
) -> None:
    simulator.faults.add(Fault(kind="status", status=503))
    market.ask_history("bitcoin", "usd", HistoryRange(moment - HOUR, moment))
    assert len(simulator.requests) == 2

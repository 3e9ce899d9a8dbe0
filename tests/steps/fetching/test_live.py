"""``take_live``: who asks, for whom, and which answer is whose."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest

from pipeline_lib.errors import InvalidQuoteError, MomentMismatchError
from tests.steps.live_market import COINS, HOUR, LiveMarket, stale


def test_the_first_asks_for_all_that_are_due_and_the_others_read(market: LiveMarket) -> None:
    snapshots = [market.take(coin) for coin in COINS]
    assert market.asked == ["bitcoin,ethereum,litecoin,solana"]
    assert [snapshot.observation.coin for snapshot in snapshots] == list(COINS)
    assert {snapshot.observation.moment for snapshot in snapshots} == {HOUR}


def test_a_snapshot_holds_its_own_part_and_names_the_whole(market: LiveMarket) -> None:
    provenance = market.take("ethereum").provenance
    (kept,) = market.answers()
    body = kept.body
    assert provenance.answer.encode() in body
    assert json.loads(provenance.answer)["id"] == "ethereum"
    assert (provenance.requested_at, provenance.status) == (HOUR + timedelta(seconds=5), 200)
    assert provenance.url == (
        f"{market.simulator.base_url}/coins/markets?vs_currency=usd&ids=ethereum&per_page=250"
        f"&price_change_percentage=1h%2C24h#coins=4&sha256={sha256(body).hexdigest()}"
    )


def test_only_what_is_due_in_the_same_currency_is_asked_for(market: LiveMarket) -> None:
    market.write("ethereum", "ethereum", "30 * * * *")
    market.write("solana", "solana", vs_currency="eur")
    market.write("litecoin", "litecoin", start_date="2025-06-02")
    market.write("twin", "bitcoin")
    market.write("broken", "dogecoin", "never")
    market.take("bitcoin")
    assert market.asked == ["bitcoin"]


def test_an_answer_stays_right_for_its_moment_however_late_it_is_read(market: LiveMarket) -> None:
    market.take("bitcoin")
    market.at(HOUR + timedelta(minutes=40))
    observation = market.take("solana").observation
    assert observation.last_updated == HOUR + timedelta(seconds=5)
    assert len(market.asked) == 1


def test_a_spec_added_later_leads_to_a_call_of_its_own_that_is_shared(market: LiveMarket) -> None:
    (market.project / "dag_configs" / "solana.yaml").unlink()
    (market.project / "dag_configs" / "litecoin.yaml").unlink()
    market.take("bitcoin")
    market.write("solana", "solana")
    market.write("litecoin", "litecoin")
    market.write("litecoin-2", "litecoin")
    for name in ("solana", "litecoin", "litecoin-2", "ethereum"):
        market.take(name)
    assert market.asked == ["bitcoin,ethereum", "litecoin,solana"]


def test_a_moment_on_no_schedule_is_asked_for_alone(market: LiveMarket) -> None:
    manual = HOUR + timedelta(minutes=3, seconds=7)
    market.at(manual)
    market.take("bitcoin", manual)
    market.take("ethereum", manual)
    assert market.asked == ["bitcoin", "ethereum"]


def test_a_manual_run_reads_what_was_answered_within_the_last_minute(market: LiveMarket) -> None:
    market.take("bitcoin")
    for seconds, requests in ((20, 1), (64, 1), (65, 2), (66, 2)):
        manual = HOUR + timedelta(seconds=seconds)
        market.at(manual)
        assert market.take("solana", manual).observation.moment == manual
        assert len(market.asked) == requests


def test_a_scheduled_run_takes_no_answer_from_before_its_moment(market: LiveMarket) -> None:
    market.write("bitcoin", "bitcoin", "* * * * *")
    market.take("bitcoin")
    market.at(HOUR + timedelta(minutes=1, seconds=1))
    later = market.take("bitcoin", HOUR + timedelta(minutes=1))
    assert later.observation.last_updated == HOUR + timedelta(minutes=1, seconds=1)
    assert len(market.asked) == 2


def test_a_late_run_knows_without_a_call_that_the_market_has_gone_on(market: LiveMarket) -> None:
    market.take("bitcoin")
    for hours in range(1, 50):
        with pytest.raises(MomentMismatchError) as caught:
            market.take("solana", HOUR - timedelta(hours=hours))
        assert caught.value.last_updated == "2025-06-01T14:00:05Z"
    assert len(market.asked) == 1


def test_a_stale_quote_is_asked_for_anew_once_the_answer_is_older_than_the_bound(market: LiveMarket) -> None:
    market.simulator.faults.add(stale("bitcoin", HOUR - timedelta(hours=1), times=1))
    for seconds in (5, 30, 64):
        market.at(HOUR + timedelta(seconds=seconds))
        with pytest.raises(MomentMismatchError):
            market.take("bitcoin")
    assert len(market.asked) == 1
    market.at(HOUR + timedelta(seconds=65))
    assert market.take("bitcoin").observation.last_updated == HOUR + timedelta(seconds=65)
    # Whom the first answer serves keeps it.
    assert market.take("ethereum").observation.last_updated == HOUR + timedelta(seconds=5)
    assert len(market.asked) == 2


def test_what_stays_stale_is_asked_for_once_a_try(market: LiveMarket) -> None:
    market.bound = 0
    market.simulator.faults.add(stale("bitcoin", HOUR - timedelta(hours=1)))
    for tries in (1, 2, 3):
        market.at(HOUR + timedelta(minutes=tries))
        with pytest.raises(MomentMismatchError):
            market.take("bitcoin")
        assert len(market.asked) == tries


def test_a_quote_of_the_future_fails_its_own_run_and_stops_no_later_one(market: LiveMarket) -> None:
    market.simulator.faults.add(stale("bitcoin", HOUR + timedelta(days=365), times=1))
    with pytest.raises(
        InvalidQuoteError, match=r"after the request of 2025-06-01T14:00:05Z \(check the clock "
    ):
        market.take("bitcoin")
    market.at(HOUR + timedelta(seconds=65))
    assert market.take("bitcoin").observation.last_updated == HOUR + timedelta(seconds=65)
    for hours in range(1, 4):
        market.at(HOUR + timedelta(hours=hours, seconds=5))
        later = market.take("bitcoin", HOUR + timedelta(hours=hours))
        assert later.observation.last_updated == HOUR + timedelta(hours=hours, seconds=5)


def test_an_answer_of_a_clock_that_was_fast_is_asked_for_anew(market: LiveMarket) -> None:
    market.simulator.faults.add(stale("bitcoin", HOUR - timedelta(hours=1), times=1))
    market.at(HOUR + timedelta(hours=1))
    with pytest.raises(MomentMismatchError):
        market.take("bitcoin")
    market.at(HOUR + timedelta(seconds=5))
    assert market.take("bitcoin").observation.last_updated == HOUR + timedelta(seconds=5)
    assert len(market.asked) == 2

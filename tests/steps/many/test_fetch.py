"""The first step of a pipeline of several coins."""

import json
from datetime import timedelta

import pytest

from pipeline_lib.errors import MomentMismatchError, WaitNeededError
from pipeline_lib.model.outcome import Done
from pipeline_lib.simulator.faults.queue import Fault
from tests.steps.many.world import COINS, HOUR, START, ManyCoins

SNAPSHOT = "archive/majors/20250331T200000Z"


def _missing(outcome: object) -> tuple[int, str]:
    assert isinstance(outcome, Done)
    (warning,) = outcome.warnings
    return outcome.missing, warning


def test_all_coins_cost_one_call_one_snapshot_and_one_arrival(many: ManyCoins) -> None:
    assert many.fetch(0) == Done("prices of 5 coins in USD at 2025-03-31T20:00:00Z")
    (request,) = many.simulator.requests
    assert request.query["ids"] == "aave,bitcoin,dogecoin,ethereum,solana"
    archived = json.loads((many.data / f"{SNAPSHOT}.json").read_bytes())
    assert [each["coin"] for each in archived["observations"]] == list(COINS)
    (source,) = archived["sources"]
    assert "ids=aave%2Cbitcoin%2Cdogecoin%2Cethereum%2Csolana" in source["url"]
    ((answers,),) = (archived["answers"],)
    assert [each["id"] for each in answers] == list(COINS)
    assert "missing" not in archived
    assert len(many.lines(f"{SNAPSHOT}.csv")) == 6
    assert many.rows("SELECT number, part, missing FROM arrivals") == [(1, 1, None)]
    assert many.coins_at(0) == list(COINS)


def test_a_second_time_asks_nothing_and_changes_nothing(many: ManyCoins) -> None:
    many.fetch(0)
    asked = len(many.simulator.requests)
    done = many.fetch(0)
    assert done == Done("prices of 5 coins in USD at 2025-03-31T20:00:00Z, as archived before")
    assert len(many.simulator.requests) == asked


def test_a_coin_that_is_unknown_is_a_gap_and_the_others_go_on(many: ManyCoins) -> None:
    many.write("[aave, bitcoin, unknown-coin]")
    missing, warning = _missing(many.fetch(0))
    assert missing == 1
    head, detail = warning.split("\n")
    assert head == "majors: coins without a price, each a gap until the run is cleared or backfilled:"
    assert detail.startswith("unknown-coin: CoinGecko knows no coin with the id 'unknown-coin'")
    assert many.coins_at(0) == ["aave", "bitcoin"]
    archived = json.loads((many.data / f"{SNAPSHOT}.json").read_bytes())
    assert archived["missing"] == ["unknown-coin"]
    assert many.rows("SELECT missing FROM arrivals") == [("unknown-coin",)]
    assert many.rows("SELECT coin, kind FROM quarantine") == [("unknown-coin", "unknown-coin")]
    # The same problem an hour later.
    assert _missing(many.fetch(1))[1].split("\n")[0] == head


@pytest.mark.parametrize("field", ["current_price", "last_updated"])
def test_a_coin_without_a_price_comes_later_as_a_second_part(many: ManyCoins, field: str) -> None:
    many.simulator.faults.add(Fault(kind="null_field", field=field, coin="dogecoin", times=None))
    assert _missing(many.fetch(0))[0] == 1
    many.simulator.faults.clear()
    many.simulator.clock.set(START + 3 * HOUR)
    again = many.fetch(0, is_backfill=True)
    assert again == Done("prices of 5 coins in USD at 2025-03-31T20:00:00Z, 1 of them from history")
    assert many.coins_at(0) == list(COINS)
    assert many.rows("SELECT number, part FROM arrivals ORDER BY number") == [(1, 1), (2, 2)]
    assert len(many.lines(f"{SNAPSHOT}.2.csv")) == 2
    assert many.lines("majors_raw/2025-03.csv")[3].startswith("2025-03-31T20:00:00Z,dogecoin,")


def test_without_a_single_coin_the_step_fails(many: ManyCoins) -> None:
    stale = f"{START - HOUR:%Y-%m-%dT%H:%M:%S.000Z}"
    many.simulator.faults.add(Fault(kind="replace_field", field="last_updated", value=stale, times=None))
    with pytest.raises(MomentMismatchError) as raised:
        many.fetch(0)
    assert raised.value.__notes__ == ["none of 5 coins of majors has a price of this run"]
    assert not (many.data / "archive").exists()
    assert len(many.rows("SELECT coin FROM quarantine")) == 5


def test_a_large_move_of_one_coin_waits_and_the_others_do_not(many: ManyCoins) -> None:
    many.fetch(0)
    many.put_price("solana", 9999)

    def refuse(_seconds: float, reason: str) -> None:
        raise WaitNeededError(reason, many.services.now() + timedelta(minutes=2))

    with pytest.raises(WaitNeededError, match="a later quote of solana has to confirm a large move"):
        many.waiting(refuse).fetch(1)
    assert many.coins_at(1) == ["aave", "bitcoin", "dogecoin", "ethereum"]
    many.put_price("solana", 9998)
    done = many.fetch(1, late=timedelta(minutes=2))
    assert isinstance(done, Done)
    assert (done.missing, "confirmed by 9998 USD" in done.warnings[0]) == (0, True)
    assert many.rows("SELECT price FROM observations WHERE part = 2") == [("9999",)]


def test_what_is_different_for_a_coin_holds_for_it_alone(many: ManyCoins) -> None:
    many.write("{bitcoin: , solana: {quality: {max_jump: 99999}}}")
    many.fetch(0)
    many.put_price("solana", 9999)
    assert many.fetch(1) == Done("prices of 2 coins in USD at 2025-03-31T21:00:00Z")


def test_a_run_that_starts_too_late_takes_history_of_each_coin(many: ManyCoins) -> None:
    many.fetch(0)
    many.simulator.clock.set(START + 3 * HOUR)
    done = many.fetch(1, late=2 * HOUR)
    assert isinstance(done, Done)
    assert done.summary == "prices of 5 coins in USD at 2025-03-31T21:00:00Z, 5 of them from history"
    assert sum("market_chart" in each.path for each in many.simulator.requests) == 5

"""Who waits while another asks, on both databases."""

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.errors import WaitNeededError
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps.fetching.sharing import work
from tests.steps.live_market import HOUR, LiveMarket


@pytest.fixture
def shared_database(database_address: Secret) -> Secret:
    return database_address


def begin_to_ask(market: LiveMarket, pool: ThreadPoolExecutor, seconds: float) -> Future[Snapshot]:
    """Let bitcoin's pipeline ask a market that takes ``seconds`` to answer."""
    market.simulator.faults.add(Fault(kind="slow", seconds=seconds))
    asking = pool.submit(market.take, "bitcoin")
    while not market.asked:
        time.sleep(0.01)
    return asking


def test_who_waits_reads_the_answer(market: LiveMarket) -> None:
    with ThreadPoolExecutor(4) as pool:
        asking = begin_to_ask(market, pool, 1.5)
        waiting = [pool.submit(market.take, coin) for coin in ("ethereum", "solana", "litecoin")]
        asking.result()
        for waiter in waiting:
            assert waiter.result().observation.moment == HOUR
    assert len(market.asked) == 1


def come_back(_seconds: float, reason: str) -> None:
    raise WaitNeededError(reason, HOUR + timedelta(seconds=20))


def test_who_may_not_wait_here_is_told_who_asks(market: LiveMarket) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = begin_to_ask(market, pool, 2.0)
        with pytest.raises(WaitNeededError) as caught:
            replace(market, wait=come_back).take("ethereum")
        asking.result()
    assert caught.value.reason == (
        f"pipeline 'bitcoin' (process {os.getpid()} on {socket.gethostname()}, since 2025-06-01T14:00:05Z)"
        " asks CoinGecko for the same"
    )
    assert market.take("ethereum").observation.coin == "ethereum"
    assert len(market.asked) == 1


def test_a_call_that_has_to_wait_for_its_turn_is_waited_for_by_all_that_share_it(market: LiveMarket) -> None:
    waits: list[tuple[float, str]] = []

    def note(seconds: float, reason: str) -> None:
        waits.append((seconds, reason))
        raise WaitNeededError(reason, HOUR + timedelta(seconds=20))

    market.simulator.faults.add(Fault(kind="status", status=429, retry_after=15))
    for coin in ("bitcoin", "ethereum"):
        with pytest.raises(WaitNeededError):
            replace(market, wait=note).take(coin)
    first, second = waits
    assert first[0] == 15.0
    assert first[1].startswith("CoinGecko answered 429")
    assert second == (15.0, "the call that several pipelines share waits for its turn")
    assert len(market.asked) == 1
    market.at(HOUR + timedelta(seconds=21))
    assert replace(market, wait=note).take("ethereum").observation.coin == "ethereum"
    assert replace(market, wait=note).take("bitcoin").observation.coin == "bitcoin"
    assert len(market.asked) == 2


def test_an_asker_that_loses_its_lock_unseen_costs_a_call_and_no_answer(market: LiveMarket) -> None:
    @contextmanager
    def lost(*_: object) -> Iterator[bool]:
        yield True

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(1) as pool:
        patched.setattr(work, "try_lock", lost)
        asking = begin_to_ask(market, pool, 1.0)
        assert market.take("ethereum").observation.coin == "ethereum"
        assert asking.result().observation.coin == "bitcoin"
    assert len(market.asked) == 2
    assert [row.page for row in market.answers()] == [0]


def test_only_the_locks_connection_is_open_while_the_market_answers(
    market: LiveMarket, postgresql_address: Secret
) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = begin_to_ask(replace(market, database_url=postgresql_address), pool, 1.0)
        with closing(Database(postgresql_address)) as watcher, watcher.reading() as connection:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            query = text(f"SELECT COUNT(*) FROM pg_stat_activity WHERE {others}")  # noqa: S608 - no input
            assert connection.scalar(query) == 1
        assert asking.result().observation.coin == "bitcoin"


def test_nothing_is_held_while_the_market_answers(market: LiveMarket) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = begin_to_ask(market, pool, 1.0)
        started = time.monotonic()
        with market.writing() as connection:
            connection.execute(text("DELETE FROM shared_answers"))
        assert time.monotonic() - started < 0.5
        # The page is gone, as an old one may be: who asked has its price all the same.
        assert asking.result().observation.coin == "bitcoin"
    assert market.answers() == []

"""Who waits while another asks."""

import os
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from pipeline_lib.errors import AnswerAwaitedError, TemporaryError
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps.fetching.live import Taken
from tests.steps.live_market import LiveMarket


def begin_to_ask(market: LiveMarket, pool: ThreadPoolExecutor, seconds: float) -> Future[Taken]:
    """Let bitcoin's pipeline ask a market that takes ``seconds`` to answer."""
    market.simulator.faults.add(Fault(kind="slow", seconds=seconds))
    asking = pool.submit(market.take_live, "bitcoin")
    while not market.asked:
        time.sleep(0.01)
    return asking


def test_who_waits_reads_the_answer_and_says_how_long_it_waited(market: LiveMarket) -> None:
    with ThreadPoolExecutor(4) as pool:
        asking = begin_to_ask(market, pool, 1.5)
        waiting = [pool.submit(market.take_live, coin) for coin in ("ethereum", "solana", "litecoin")]
        asking.result()
        for waiter in waiting:
            assert 0.2 < waiter.result().waited_seconds < 30
    assert len(market.asked) == 1


def test_a_wait_has_an_end_that_names_who_was_waited_for(
    market: LiveMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_lib.steps.fetching.shared_calls._LONGEST_WAIT_SECONDS", 0.2)
    with ThreadPoolExecutor(1) as pool:
        asking = begin_to_ask(market, pool, 2.0)
        with pytest.raises(AnswerAwaitedError) as caught:
            market.take("ethereum")
        asking.result()
    assert isinstance(caught.value, TemporaryError)
    assert str(caught.value) == (
        f"waited 0.2 s for an answer that pipeline 'bitcoin' (process {os.getpid()} on"
        f" {socket.gethostname()}, since 2025-06-01T14:00:05Z) is asking for (is it stuck?)"
    )
    assert market.take("ethereum").observation.coin == "ethereum"
    assert len(market.asked) == 1

import itertools
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyrate_limiter import Rate, RateItem

from pipeline_lib.common.secret import Secret
from pipeline_lib.common.waiting import Wait, sleep
from pipeline_lib.errors import CallQuotaError, MarketUnavailableError, SettingsError
from pipeline_lib.market import CallQuota, Transport
from pipeline_lib.market.quota.stores import QuotaDatabase, QuotaFile, QuotaStore, choose_store
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator

CALLS = 6
WINDOW = 1.0
PROCESSES = 8
CALLS_OF_EACH = 3

ASKING = f"""
import os, sys
from pathlib import Path
from pipeline_lib.common.secret import Secret
from pipeline_lib.market import CallQuota, Transport
from pipeline_lib.market.quota.stores import choose_store
url = Secret(sys.argv[3]) if len(sys.argv) > 3 else None
store = choose_store(url, Path(sys.argv[1]))
quota = CallQuota({CALLS}, store, window={WINDOW}, travel_time=3.0)
transport = Transport(sys.argv[2], None, quota)
import requests
children = []
for number in range({PROCESSES}):
    child = os.fork()
    if not child:
        for _ in range({CALLS_OF_EACH}):
            transport.get("/ping", {{}})
        os._exit(0)
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] for child in children))
"""

HOLDING = """
import sys, time
from pathlib import Path
from pyrate_limiter import Rate, RateItem
from pipeline_lib.market.quota.stores import QuotaFile
with QuotaFile(Path(sys.argv[1])).open(Rate(1, 60_000), "coingecko_calls") as bucket:
    bucket.conn.execute("INSERT INTO coingecko_calls VALUES ('half-done', ?)", (bucket.now(),))
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def store(tmp_path: Path) -> QuotaFile:
    return QuotaFile(tmp_path / "new" / "calls.sqlite")


class TurnNeededError(Exception):
    """Who can't call now has to wait for so many seconds."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds


def come_back(seconds: float, reason: str) -> None:
    raise TurnNeededError(seconds, reason)


def quota(store: QuotaStore, calls: int = 2, *, window: float = 60.0, wait: Wait = come_back) -> CallQuota:
    return CallQuota(calls, store, window=window, travel_time=0.0, wait=wait)


@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_eight_processes_at_once_never_pass_the_limit(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = [request.getfixturevalue("postgresql_address").reveal()] if kind == "postgresql" else []
    clock = SimulatedClock(lambda: datetime.now(UTC))
    with Simulator({}, clock) as simulator:
        subprocess.run(
            [sys.executable, "-c", ASKING, str(tmp_path / "calls.sqlite"), simulator.base_url, *url],
            check=True,
            timeout=120,
        )
        times = sorted(request.received_at.timestamp() for request in simulator.requests)
    assert len(times) == PROCESSES * CALLS_OF_EACH
    crowds = [sum(start <= other < start + WINDOW for other in times) for start in times]
    assert max(crowds) <= CALLS


def test_a_retry_is_a_call_too(simulator: Simulator, store: QuotaFile) -> None:
    simulator.faults.add(Fault(kind="status", status=503, times=2))
    transport = Transport(simulator.base_url, None, quota(store))
    for _ in range(2):
        with pytest.raises(MarketUnavailableError):
            transport.get("/ping", {})
    with pytest.raises(TurnNeededError):
        transport.get("/ping", {})
    assert len(simulator.requests) == 2


def turn(limited: CallQuota) -> float:
    with pytest.raises(
        TurnNeededError, match=r"^the quota of 2 calls of CoinGecko in 60 s is used up$"
    ) as caught:
        limited.take_call()
    return caught.value.seconds


@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_who_waits_is_given_a_turn_after_those_who_wait_already(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql_address") if kind == "postgresql" else None
    limited = quota(choose_store(url, tmp_path / "calls.sqlite"))
    for _ in range(2):
        limited.take_call()
    turns = [turn(limited) for _ in range(4)]
    assert 55 < turns[0] <= 60
    # Two calls a minute are one each half.
    assert [after - before for before, after in itertools.pairwise(turns)] == [pytest.approx(30, abs=2)] * 3


def test_a_turn_that_lies_further_away_than_anybody_waits_begins_anew(store: QuotaFile) -> None:
    for _ in range(2):
        quota(store).take_call()
    with store.open(Rate(10**6, 1000), "coingecko_turns") as bucket:
        assert bucket.put(RateItem("turn", time.time_ns() // 1_000_000 + 2 * 3_600_000))
    assert turn(quota(store)) <= 60


def test_who_can_call_soon_takes_no_turn(store: QuotaFile) -> None:
    limited = quota(store, window=4.0)
    for _ in range(2):
        limited.take_call()
    for _ in range(3):
        with pytest.raises(TurnNeededError) as caught:
            limited.take_call()
        assert caught.value.seconds <= 4


def test_a_call_waits_for_its_turn(store: QuotaFile) -> None:
    limited = quota(store, window=0.5, wait=sleep)
    started = time.monotonic()
    for _ in range(5):
        limited.take_call()
    assert time.monotonic() - started >= 1.0
    with store.open(Rate(2, 500), "coingecko_calls") as bucket:
        assert bucket.count() in {1, 2}, "calls that no longer count are forgotten"


def test_a_process_killed_while_it_counts_holds_nobody_up(store: QuotaFile) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(store.path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    quota(store, 1).take_call()
    with store.open(Rate(1, 60_000), "coingecko_calls") as bucket:
        assert bucket.count() == 1, "what the killed process left half-done doesn't count"


def test_a_plan_of_one_call_allows_one(store: QuotaFile) -> None:
    quota(store, 1).take_call()
    for _ in range(3):
        with pytest.raises(TurnNeededError):
            quota(store, 1).take_call()


def test_a_clock_that_was_set_back_blocks_nobody(store: QuotaFile) -> None:
    with store.open(Rate(2, 60_000), "coingecko_calls") as bucket:
        for hours in (1, 2):
            in_future = time.time_ns() // 1_000_000 + hours * 3_600_000
            assert bucket.put(RateItem("call", in_future))
    quota(store, wait=sleep).take_call()


def test_a_damaged_file_is_told_with_what_to_do(store: QuotaFile) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"no database" * 100)
    with pytest.raises(CallQuotaError, match=r"calls\.sqlite: file is not a database \(.*may be deleted\)$"):
        quota(store).take_call()


def test_a_stuck_process_is_not_waited_for_for_ever(
    store: QuotaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_lib.market.quota.stores._LONGEST_LOCK_SECONDS", 0.1)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(store.path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            with pytest.raises(CallQuotaError, match=r"is locked by another process for more than 0\.1 s"):
                quota(store).take_call()
        finally:
            holder.kill()


@pytest.mark.parametrize(
    ("url", "package", "requirement"),
    [
        ("redis://:made-up@127.0.0.1:1", "redis", "coin-pipelines[redis]"),
        ("postgresql://x:made-up@127.0.0.1:1/x", "psycopg", "coin-pipelines[postgres]"),
    ],
)
def test_a_database_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str, requirement: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError) as caught:
        quota(QuotaDatabase(Secret(url))).take_call()
    assert str(caught.value) == (
        f"COINGECKO_QUOTA_URL needs the package {package} (pip install '{requirement}')"
    )


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("redis://:made-up@127.0.0.1:1/0", "Redis"),
        ("redis://:made-up@127.0.0.1:port", "Redis"),
        ("postgresql://me:made-up@127.0.0.1:1/x", "PostgreSQL"),
        ("postgresql://me:made-up@127.0.0.1:port/x", "PostgreSQL"),
    ],
)
def test_a_database_that_isnt_there_is_told_without_its_password(url: str, server: str) -> None:
    if server == "Redis":
        pytest.importorskip("redis")
    with pytest.raises(CallQuotaError) as caught:
        quota(QuotaDatabase(Secret(url))).take_call()
    assert str(caught.value).startswith(f"the calls of CoinGecko can't be counted: {server} gives ")
    assert "made-up" not in f"{caught.value} {caught.value.__cause__}"
    assert caught.value.__suppress_context__


def test_postgresql_counts_calls_and_a_call_waits_for_its_turn(postgresql_address: Secret) -> None:
    store = QuotaDatabase(postgresql_address)
    for _ in range(2):
        quota(store).take_call()
    with pytest.raises(TurnNeededError):
        quota(store).take_call()
    started = time.monotonic()
    for _ in range(3):
        quota(store, window=0.5, wait=sleep).take_call()
    assert time.monotonic() - started >= 0.5


def test_the_setting_chooses_the_store(tmp_path: Path) -> None:
    assert choose_store(None, tmp_path) == QuotaFile(tmp_path)
    url = Secret("redis://127.0.0.1")
    assert choose_store(url, tmp_path) == QuotaDatabase(url)

"""How many calls a backfill makes: what it says before, what it does, and what a killed one leaves to do."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.market import CallQuota
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.server import Simulator

Command = Callable[..., Result]

COINS = ("bitcoin", "ethereum", "solana")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = 364


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A market of three coins that runs with the real clock, as the command does."""
    series = {coin: GeneratedSeries(coin, 0) for coin in COINS}
    with Simulator(series, SimulatedClock(lambda: datetime.now(UTC))) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's database, of each kind."""
    monkeypatch.setenv("DATABASE_URL", request.getfixturevalue(f"{request.param}_address").reveal())
    monkeypatch.setenv("LOCAL_FILES", "1")


@pytest.fixture
def write(project: Path) -> Callable[[str, str, str], None]:
    def write(name: str, coin: str, schedule: str) -> None:
        text = f"spec_version: 1\ncoin: {coin}\nschedule: '{schedule}'\nquality: {{max_jump: 1000}}\n"
        (project / "dag_configs" / f"{name}.yaml").write_text(text)

    return write


@pytest.fixture
def year(now: datetime, write: Callable[[str, str, str], None]) -> tuple[str, ...]:
    """A year of every fourth day of three coins, and of weeks of the first coin again."""
    for coin in COINS:
        write(coin, coin, "0 0 */4 * *")
    write("weekly", "bitcoin", "@weekly")
    return (*COINS, "weekly", "--from", format_moment(now - DAYS * DAY))


def lines(result: Result) -> list[str]:
    return result.stdout.splitlines()


def promised(result: Result) -> list[int]:
    """The numbers of calls that the command says before it starts."""
    return [int(count) for count in re.findall(r", (\d+) calls? of CoinGecko, ", result.stdout)]


def archived(project: Path, coin: str) -> int:
    return len(list((project / "data" / "archive" / coin).glob("*.json")))


def test_a_dry_run_counts_a_year_of_hours_of_three_coins_and_does_nothing(
    project: Path, market: Simulator, command: Command, now: datetime, write: Callable[[str, str, str], None]
) -> None:
    for coin in COINS:
        write(coin, coin, "@hourly")
    result = command("backfill", "--all", "--dry-run", "--from", format_moment(now - DAYS * DAY))
    hours = [int(count.replace(",", "")) for count in re.findall(r": ([\d,]+) moments", result.stdout)]
    assert (result.exit_code, result.stderr) == (0, "")
    assert hours[:3] == [hours[0]] * 3
    assert DAYS * 24 < hours[0] <= DAYS * 24 + 25
    assert lines(result) == [
        *(
            f"{coin}: {hours[0]:,} moments to fill in, 5 calls of CoinGecko, about 4 minutes"
            f" (0 of {hours[0]:,} are there)"
            for coin in COINS
        ),
        f"together: {3 * hours[0]:,} moments to fill in, 15 calls of CoinGecko, about 13 minutes",
    ]
    assert market.requests == ()
    assert not (project / "data").exists()


@pytest.mark.usefixtures("both")
def test_a_killed_backfill_of_a_year_goes_on_and_asks_nothing_twice(
    project: Path, market: Simulator, command: Command, year: tuple[str, ...]
) -> None:
    expected = promised(command("backfill", *year, "--dry-run"))
    assert expected == [5, 5, 5, 0, 15]
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline_lib.cli", "backfill", *year],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Far from the next call, which comes every 87 days.
    while archived(project, COINS[1]) < 30:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    made = len(market.requests)
    assert made == 5 + 2
    assert promised(command("backfill", *year, "--dry-run")) == [0, 3, 5, 0, 8]
    result = command("backfill", *year)
    moments = sum(archived(project, name) for name in (*COINS, "weekly"))
    assert (result.exit_code, lines(result)[-1]) == (0, f"missing: none of {moments} moments")
    assert moments > 3 * DAYS / 4
    asked = [(each.path, each.query["from"], each.query["to"]) for each in market.requests]
    assert len(asked) == len(set(asked)) == 15
    again = command("backfill", *year)
    assert (again.exit_code, promised(again), len(market.requests)) == (0, [0] * 5, 15)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the command waits for CoinGecko, which passes at once."""
    waits: list[float] = []
    monkeypatch.setattr("pipeline_lib.cli.waiting.sleep", waits.append)
    return waits


@pytest.mark.usefixtures("both")
def test_a_refusal_in_the_middle_is_waited_for_and_said(
    market: Simulator,
    command: Command,
    now: datetime,
    write: Callable[[str, str, str], None],
    waits: list[float],
) -> None:
    write("bitcoin", "bitcoin", "@daily")
    start = format_moment(now - 120 * DAY)
    command("backfill", "bitcoin", "--from", start, "--to", format_moment(now - 100 * DAY))
    market.faults.add(Fault(kind="status", status=429, retry_after=119, times=2))
    result = command("backfill", "bitcoin", "--from", start)
    assert (result.exit_code, lines(result)[-1]) == (0, "missing: none of 121 moments")
    assert promised(result) == [1]
    assert (len(market.requests), waits) == (1 + 2 + 1, [119.0] * 2)
    assert result.stderr.count("bitcoin: waiting 119 s: CoinGecko answered 429") == 2


def test_a_wait_that_is_too_long_stops_all_and_the_same_command_goes_on(
    project: Path, market: Simulator, command: Command, now: datetime, write: Callable[[str, str, str], None]
) -> None:
    for coin in COINS:
        write(coin, coin, "@weekly")
    start = now - DAYS * DAY
    command("backfill", "bitcoin", "--from", format_moment(start), "--to", format_moment(start + 30 * DAY))
    market.faults.add(Fault(kind="status", status=429, retry_after=7200))
    year = (*COINS, "--from", format_moment(start), "--to", format_moment(now - DAY))
    stopped = command("backfill", *year)
    assert stopped.exit_code == 1
    assert "bitcoin: stopped: CoinGecko answered 429" in stopped.stderr
    there = archived(project, "bitcoin")
    assert 5 < there < 20
    missing = 3 * 52 - there
    assert lines(stopped)[-1] == f"missing: {missing} of 156 moments: {missing} not tried"
    assert archived(project, "ethereum") == 0
    result = command("backfill", *year)
    assert (result.exit_code, promised(result)) == (0, [3, 4, 4, 11])
    assert len(market.requests) == 12 + 1


def test_a_coin_that_nobody_knows_holds_up_no_other(
    project: Path, market: Simulator, command: Command, now: datetime, write: Callable[[str, str, str], None]
) -> None:
    write("abc", "abc", "@daily")
    market.faults.add(Fault(kind="unknown_coin", coin="abc", times=None))
    span = ("--from", format_moment(now - DAY), "--to", format_moment(now))
    result = command("backfill", "abc", "bitcoin", *span)
    assert result.exit_code == 1
    assert "abc: stopped: CoinGecko knows no coin with the id 'abc'" in result.stderr
    assert archived(project, "bitcoin") == 25
    assert lines(result)[-1] == "missing: 2 of 27 moments: 2 not tried"


def test_it_keeps_to_the_quota(
    market: Simulator, command: Command, year: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINGECKO_CALLS_PER_MINUTE", "2")
    window = 3.0
    monkeypatch.setattr("pipeline_lib.market.CallQuota", partial(CallQuota, window=window, travel_time=0.2))
    result = command("backfill", *year, "--to", year[-1])
    assert (result.exit_code, promised(result)[-1]) == (0, 3)
    times = sorted(request.received_at.timestamp() for request in market.requests)
    assert times[2] - times[0] >= window
    assert "together: 4 moments to fill in, 3 calls of CoinGecko, about 1 minute" in result.stdout


@pytest.mark.usefixtures("both", "simulator")
@pytest.mark.parametrize("minutes", [0, 23])
def test_the_command_that_a_bounded_run_names_fills_its_gap(
    project: Path,
    market: Simulator,
    command: Command,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
) -> None:
    moment = format_moment(now - 40 * DAY + timedelta(minutes=minutes, seconds=minutes))
    monkeypatch.setenv("COINGECKO_HISTORY_CALLS_PER_RUN", "0")
    gap = command("run", "bitcoin", "--at", moment)
    named = re.search(r"\(to fill the gap: coin-pipelines (.+)\)$", gap.stderr.strip())
    assert named is not None
    assert gap.exit_code == 0
    assert lines(gap)[0].startswith(
        f"fetch_and_save_price: skipped: bitcoin has no price of {moment}: COINGECKO"
    )
    assert gap.stderr.startswith("fetch_and_save_price: warning: bitcoin has no price of ")
    assert archived(project, "bitcoin") == 0
    filled = command(*shlex.split(named[1]))
    assert (filled.exit_code, lines(filled)[-1]) == (0, "missing: none of 1 moment")
    assert archived(project, "bitcoin") == 1
    assert command("run", "bitcoin", "--at", moment).stderr == ""
    assert [request.path.rpartition("/")[2] for request in market.requests] == ["markets", "range"]

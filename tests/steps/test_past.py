"""``fetch_and_save_price`` for moments that have passed: history, one call for many runs, gaps."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib import steps
from pipeline_lib.errors import (
    HistoryNotReadyError,
    HistoryReachError,
    InvalidQuoteError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.market.history import find_past_quote
from pipeline_lib.outcome import Done, Outcome, Skipped
from pipeline_lib.simulator.faults import Fault
from pipeline_lib.simulator.series import CsvSeries
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.steps import Run
from pipeline_lib.steps.past import past_observation
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.snapshots import read_snapshot
from tests.steps.world import CRASH, START, World

HOUR = timedelta(hours=1)
LATE = CRASH + timedelta(hours=30)
CHART = "/coins/bitcoin/market_chart/range"
MARKETS = "/coins/markets"
LOG = "btc_raw.csv"


@pytest.fixture
def past(world: World) -> World:
    """The world 30 hours after the crash, by the market's clock and by the real one."""
    world.simulator.clock.set(LATE)
    return replace(world, access=replace(world.access, now=world.simulator.clock.now))


def fetch(world: World, moment: datetime, *, is_backfill: bool = False) -> Outcome:
    return steps.fetch_and_save_price(world.spec, Run(moment, is_backfill=is_backfill), world.access)


def paths(world: World) -> list[str]:
    return [request.path for request in world.simulator.requests]


def test_a_late_run_takes_the_price_of_its_own_moment(past: World) -> None:
    assert fetch(past, CRASH) == Done(
        "bitcoin 7202.50 USD at 2018-02-05T14:00:00Z, from history: the price of 2018-02-05T14:00:00Z"
    )
    assert paths(past) == [MARKETS, CHART]
    row = past.files()[LOG].splitlines()[1]
    assert row == (
        b"2018-02-05T14:00:00Z,bitcoin,usd,7202.50,-9.9856276948,-9.9968759763,"
        b"141169000000,1062,2018-02-05T14:00:00Z"
    )


def test_a_backfilled_run_asks_history_alone(past: World) -> None:
    fetch(past, LATE, is_backfill=True)
    assert paths(past) == [CHART]


def test_the_snapshot_alone_proves_the_observation(past: World) -> None:
    fetch(past, CRASH, is_backfill=True)
    snapshot = read_snapshot(Layout.of("btc", past.access.settings), CRASH)
    assert snapshot.provenance.is_historic
    assert snapshot.provenance.requested_at == LATE
    at = int(CRASH.timestamp()) * 1000
    assert snapshot.provenance.answer == (
        f'{{"prices":[[{at - 86_400_000},8002.50],[{at - 3_600_000},8001.50],[{at},7202.50]],'
        f'"market_caps":[[{at},141169000000]],"total_volumes":[[{at},1062]]}}'
    )
    quote = find_past_quote(
        snapshot.provenance.answer.encode(), "bitcoin", CRASH, past.access.settings.history_tolerance
    )
    assert past_observation("bitcoin", "usd", CRASH, quote) == snapshot.observation


def test_a_live_snapshot_is_told_from_a_historic_one(past: World) -> None:
    assert str(fetch(past, LATE)).count("from history") == 0
    assert not read_snapshot(Layout.of("btc", past.access.settings), LATE).provenance.is_historic


def test_a_whole_backfill_costs_one_call(past: World) -> None:
    for hour in range(62 + 25):
        fetch(past, START + hour * HOUR, is_backfill=True)
    assert paths(past) == [CHART]
    assert past.files()[LOG].count(b"\n") == 88


def test_runs_that_catch_up_cost_one_call_of_each_kind(past: World) -> None:
    for hour in range(20):
        fetch(past, CRASH + hour * HOUR)
    assert paths(past) == [MARKETS, CHART]


def test_pipelines_of_one_coin_share_the_answer(past: World) -> None:
    fetch(past, CRASH, is_backfill=True)
    other = past.with_spec(lambda spec: replace(spec, name="btc-2"))
    fetch(other, CRASH + HOUR, is_backfill=True)
    assert paths(past) == [CHART]


def test_runs_at_once_ask_once(past: World) -> None:
    past.simulator.faults.add(Fault(kind="slow", seconds=0.3))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda hour: fetch(past, START + hour * HOUR, is_backfill=True), range(8)))
    assert paths(past) == [CHART]


def test_processes_at_once_ask_once(past: World, tmp_path: Path) -> None:
    program = tmp_path / "one_run.py"
    program.write_text(
        "import os, sys\n"
        "from datetime import datetime\n"
        "from pathlib import Path\n"
        "from pipeline_lib import steps\n"
        "from pipeline_lib.settings import Settings\n"
        "from pipeline_lib.spec import Catalog\n"
        "settings = Settings.from_environment(os.environ, project_folder=Path(sys.argv[1]))\n"
        "spec = Catalog(settings.dag_configs_dir).load('bitcoin')\n"
        "run = steps.Run(datetime.fromisoformat(sys.argv[2]), is_backfill=True)\n"
        "print(steps.fetch_and_save_price(spec, run, steps.Access.from_settings(settings)))\n"
    )
    (tmp_path / "dag_configs").mkdir()
    spec = 'spec_version: 1\ncoin: bitcoin\nschedule: "@hourly"\n'
    (tmp_path / "dag_configs" / "bitcoin.yaml").write_text(spec)
    environment = {
        "DATA_DIR": str(tmp_path / "shared-data"),
        "COINGECKO_BASE_URL": past.simulator.base_url,
        "COINGECKO_HISTORY_DAYS": "36500",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "no_proxy": "127.0.0.1",
    }
    started = [
        subprocess.Popen(
            [sys.executable, str(program), str(tmp_path), (CRASH + hour * HOUR).isoformat()],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for hour in range(4)
    ]
    said = [process.communicate(timeout=60)[0] for process in started]
    assert all(text.startswith("Done(summary='bitcoin 720") for text in said)
    assert paths(past) == [CHART]


@pytest.mark.parametrize(("minutes", "calls"), [(59, 2), (60, 1)])
def test_the_moving_end_of_an_answer_serves_no_later_run(past: World, minutes: int, calls: int) -> None:
    fetch(past, CRASH, is_backfill=True)
    moment = LATE - timedelta(minutes=minutes)
    past.simulator.clock.set(LATE + timedelta(minutes=5))
    fetch(past, moment, is_backfill=True)
    assert len(paths(past)) == calls


def test_a_moment_that_has_just_passed_is_shared_for_a_minute(past: World) -> None:
    fetch(past, LATE, is_backfill=True)
    others = [past.with_spec(lambda spec, n=n: replace(spec, name=f"btc-{n}")) for n in (2, 3)]  # type: ignore[misc]
    past.simulator.clock.set(LATE + timedelta(minutes=1))
    fetch(others[0], LATE, is_backfill=True)
    past.simulator.clock.set(LATE + timedelta(minutes=1, seconds=1))
    fetch(others[1], LATE, is_backfill=True)
    assert paths(past) == [CHART, CHART]


def test_a_torn_answer_is_fetched_anew(past: World) -> None:
    fetch(past, CRASH, is_backfill=True)
    (kept,) = (past.data / "history" / "bitcoin-usd").glob("*.json")
    kept.write_bytes(kept.read_bytes()[:5000])
    fetch(past, CRASH + HOUR, is_backfill=True)
    assert paths(past) == [CHART, CHART]


def test_an_answer_that_cannot_be_read_is_not_kept(past: World) -> None:
    past.simulator.faults.add(Fault(kind="malformed", body='{"prices": [[1,'))
    with pytest.raises(UnexpectedAnswerError):
        fetch(past, CRASH, is_backfill=True)
    assert past.files() == {}
    fetch(past, CRASH, is_backfill=True)
    assert paths(past) == [CHART, CHART]


def test_an_unknown_coin_stores_nothing(past: World) -> None:
    other = past.with_spec(lambda spec: replace(spec, coin="bitcoin-2"))
    with pytest.raises(UnknownCoinError, match="no coin with the id 'bitcoin-2'"):
        fetch(other, CRASH, is_backfill=True)
    assert past.files() == {}


@pytest.fixture
def holed(past: World, tmp_path: Path) -> World:
    """The past of a market without prices from 2018-02-05T10:00 to 13:00."""
    rows = [f"{START + hour * HOUR:%Y-%m-%dT%H:%M:%SZ},{8000 + hour}" for hour in range(93)]
    text = "\n".join(["timestamp,close_usd", *rows[:58], *rows[62:], ""])
    (tmp_path / "holed.csv").write_text(text)
    return replace(
        past, simulator=Simulator({"bitcoin": CsvSeries(tmp_path / "holed.csv")}, past.simulator.clock)
    )


def test_a_gap_of_the_source_skips_the_run_with_the_reason(holed: World) -> None:
    settings = replace(holed.access.settings, coingecko_base_url=holed.simulator.base_url)
    world = replace(holed, access=replace(holed.access, settings=settings))
    with world.simulator:
        outcomes = [fetch(world, CRASH + hours * HOUR, is_backfill=True) for hours in range(-5, 1)]
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Skipped, Skipped, Skipped, Done]
    assert outcomes[2] == Skipped(
        "CoinGecko's history of 'bitcoin' has no price of 2018-02-05T11:00:00Z:"
        " the last price before it is of 2018-02-05T09:00:00Z"
    )
    # At 10:00 the price is still that of 9:00, at 14:00 nobody knows that of 13:00: both moves stay empty.
    rows = [line.split(b",")[:6] for line in world.files()[LOG].splitlines()[1:]]
    assert [(row[3], row[4] == b"") for row in rows] == [
        (b"8057", False), (b"8057", True), (b"8062", True)
    ]  # fmt: skip


def test_what_is_no_gap_yet_is_tried_again(past: World) -> None:
    past.simulator.clock.set(START + 102 * HOUR)
    moment = START + timedelta(hours=101, minutes=30)
    lost = [Fault(kind="malformed", body='{"prices":[]}', times=2)]
    past.simulator.faults.add(*lost)
    with pytest.raises(HistoryNotReadyError, match="has no price of 2018-02-07T05:30:00Z yet"):
        fetch(past, moment, is_backfill=True)
    past.simulator.clock.set(moment + HOUR)
    assert isinstance(fetch(past, moment, is_backfill=True), Skipped)


def test_a_moment_to_come_has_no_history(past: World) -> None:
    with pytest.raises(HistoryNotReadyError):
        fetch(past, LATE + timedelta(seconds=1), is_backfill=True)
    assert paths(past) == []


def test_a_price_that_cannot_be_one_stores_nothing(past: World) -> None:
    at = int(CRASH.timestamp()) * 1000
    past.simulator.faults.add(Fault(kind="malformed", body=f'{{"prices":[[{at},0]]}}'))
    with pytest.raises(InvalidQuoteError, match="prices is 0, and a price is greater than zero"):
        fetch(past, CRASH, is_backfill=True)
    assert [name for name in past.files() if not name.startswith("history/")] == []


def test_beyond_the_reach_nothing_is_asked(past: World) -> None:
    moment = LATE - timedelta(days=365) + timedelta(minutes=10)
    with pytest.raises(HistoryReachError) as caught:
        fetch(past, moment - timedelta(seconds=1), is_backfill=True)
    assert (caught.value.moment, caught.value.earliest) == ("2017-02-06T20:09:59Z", "2017-02-06T20:10:00Z")
    assert paths(past) == []
    assert isinstance(fetch(past, moment, is_backfill=True), Skipped)
    assert paths(past) == [CHART]


def test_at_the_edge_of_the_reach_one_call_serves_many_runs(past: World) -> None:
    settings = replace(past.access.settings, history_reach=timedelta(hours=48))
    world = replace(past, access=replace(past.access, settings=settings))
    for hour in range(1, 20):
        fetch(world, LATE - timedelta(hours=48 - hour), is_backfill=True)
        world.simulator.clock.set(LATE + hour * timedelta(seconds=10))
    assert paths(past) == [CHART]
    earliest = LATE - timedelta(hours=48) + timedelta(minutes=10)
    assert past.simulator.requests[0].query["from"] == str(int(earliest.timestamp()))

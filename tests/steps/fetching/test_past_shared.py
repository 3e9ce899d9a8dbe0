"""One answer of history for many runs: in one process, in many, by several pipelines."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.simulator.faults.queue import Fault
from tests.steps.past_world import CHART, LATE, MARKETS, fetch, paths
from tests.steps.world import CRASH, START, World

HOUR = timedelta(hours=1)
LOG = "btc_raw.csv"


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

    def run(hour: int) -> None:
        # As in tasks, each has its own connection.
        with closing(PreparedDatabase(past.services.settings.database_url)) as database:
            world = replace(past, services=replace(past.services, database=database))
            fetch(world, START + hour * HOUR, is_backfill=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert paths(past) == [CHART]


def test_processes_at_once_ask_once(past: World, tmp_path: Path) -> None:
    program = tmp_path / "one_run.py"
    program.write_text(
        "import os, sys\n"
        "from datetime import datetime\n"
        "from pathlib import Path\n"
        "from pipeline_lib import steps\n"
        "from pipeline_lib.settings import Settings\n"
        "from pipeline_lib.specs import Catalog\n"
        "settings = Settings.from_environment(os.environ, project_folder=Path(sys.argv[1]))\n"
        "spec = Catalog(settings.dag_configs_dir).load('bitcoin')\n"
        "run = steps.Run(datetime.fromisoformat(sys.argv[2]), is_backfill=True)\n"
        "print(steps.fetch_and_save_price(spec, run, steps.Services.from_settings(settings)))\n"
    )
    (tmp_path / "dag_configs").mkdir()
    spec = 'spec_version: 1\ncoin: bitcoin\nschedule: "@hourly"\n'
    (tmp_path / "dag_configs" / "bitcoin.yaml").write_text(spec)
    environment = {
        "DATA_DIR": str(tmp_path / "shared-data"),
        "COINGECKO_BASE_URL": past.simulator.base_url,
        "COINGECKO_HISTORY_DAYS": "36500",
        "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
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


def test_at_the_edge_of_the_reach_one_call_serves_many_runs(past: World) -> None:
    settings = replace(past.services.settings, history_reach=timedelta(hours=48))
    world = replace(past, services=replace(past.services, settings=settings))
    for hour in range(1, 20):
        fetch(world, LATE - timedelta(hours=48 - hour), is_backfill=True)
        world.simulator.clock.set(LATE + hour * timedelta(seconds=10))
    assert paths(past) == [CHART]
    earliest = LATE - timedelta(hours=48) + timedelta(minutes=10)
    assert past.simulator.requests[0].query["from"] == str(int(earliest.timestamp()))

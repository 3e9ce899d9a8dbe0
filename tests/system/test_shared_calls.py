"""The bars of sharing one call, on both databases: how many requests, whoever asks, whoever is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipeline_lib.archive.parts import read_part
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.series import Quote
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs.layout import Layout
from tests.system.world import PROJECT

PIPELINES = int(os.environ.get("SHARING_PIPELINES", "500"))
COINS_OF_A_CALL = 250
WORKERS = 8
KILLS = int(os.environ.get("ASKER_KILLS", "30"))


class ConstantSeries:
    """One price at all times."""

    def __init__(self, price: int) -> None:
        self.price = Decimal(price)

    def quote_at(self, moment: datetime) -> Quote:
        return Quote(moment.replace(minute=0, second=0, microsecond=0), self.price, Decimal(1))

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:  # noqa: ARG002 - a series' signature
        return [self.quote_at(end)]


def _archived(pipeline: str, settings: Settings, moment: datetime) -> Snapshot:
    part = read_part(FolderArchive(Layout.of(pipeline, settings).archive), moment, 1)
    assert part is not None
    (snapshot,) = part.snapshots
    assert isinstance(snapshot, Snapshot)
    return snapshot


def simulate(coins: list[str]) -> Simulator:
    series = {coin: ConstantSeries(number) for number, coin in enumerate(coins, start=1)}
    return Simulator(series, SimulatedClock(lambda: datetime.now(UTC)))


def write_specs(project: Path, coins: list[str]) -> None:
    (project / "dag_configs").mkdir()
    for number, coin in enumerate(coins):
        text = f'spec_version: 1\ncoin: {coin}\nschedule: "* * * * *"\nretries: 0\n'
        (project / "dag_configs" / f"pipeline-{number:04}.yaml").write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Scene:
    """A project's folder, and the database that its tasks share."""

    folder: Path
    database: Secret


@pytest.fixture
def scene(tmp_path: Path, database_address: Secret) -> Scene:
    return Scene(tmp_path, database_address)


def run_processes(scene: Scene, market: Simulator, moment: datetime, *arguments: object) -> Any:  # noqa: ANN401 - JSON
    project = scene.folder
    environment = {
        **os.environ,
        "DATABASE_URL": scene.database.reveal(),
        "COINGECKO_BASE_URL": market.base_url,
        "COINGECKO_CALLS_PER_MINUTE": "100000",
        "DAG_CONFIGS_DIR": str(project / "dag_configs"),
        "DATA_DIR": str(project / "data"),
        "PYTHONPATH": str(PROJECT),
    }
    mode, *numbers = map(str, arguments)
    finished = subprocess.run(
        [sys.executable, "-m", "tests.system.shared_calls", mode, moment.isoformat(), *numbers],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=240,
    )
    return json.loads(finished.stdout)


@pytest.fixture
def moment() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def test_pipelines_due_at_once_cost_a_request_for_250_of_them(scene: Scene, moment: datetime) -> None:
    tmp_path = scene.folder
    coins = [f"coin-{number}" for number in range(PIPELINES)]
    write_specs(tmp_path, coins)
    with simulate(coins) as market:
        # Slow enough for all but the asking processes to have to wait.
        market.faults.add(Fault(kind="slow", seconds=2.5, times=PIPELINES // COINS_OF_A_CALL))
        result = run_processes(scene, market, moment, "all", WORKERS)
        requests = market.requests
    assert result["codes"] == [0] * WORKERS
    asked = [request.query["ids"].split(",") for request in requests]
    assert sorted(map(len, asked)) == [COINS_OF_A_CALL] * (PIPELINES // COINS_OF_A_CALL)
    assert sorted(coin for page in asked for coin in page) == sorted(coins)
    assert len(result["summaries"]) == PIPELINES
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path / "data")}, project_folder=tmp_path)
    for number, coin in enumerate(coins, start=1):
        snapshot = _archived(f"pipeline-{number - 1:04}", settings, moment)
        assert snapshot.observation.coin == coin
        assert snapshot.observation.price == number
        assert json.loads(snapshot.provenance.answer)["id"] == coin
        assert isinstance(snapshot, Snapshot)
        assert len(snapshot.provenance.url) < 300


def test_who_is_killed_while_it_asks_costs_one_request(scene: Scene, moment: datetime) -> None:
    coins = [f"coin-{number}" for number in range(3)]
    write_specs(scene.folder, coins)
    with simulate(coins) as market:
        market.faults.add(Fault(kind="slow", seconds=60))
        with ThreadPoolExecutor(1) as pool:
            killed = pool.submit(run_processes, scene, market, moment, "all", 1)
            while not market.requests:
                time.sleep(0.01)
            with closing(Database(scene.database)) as database, database.reading() as connection:
                note = connection.scalars(text("SELECT asker FROM shared_answers")).one()
            os.kill(json.loads(note)["process"], signal.SIGKILL)
            assert killed.result()["codes"] == [-9]
        assert run_processes(scene, market, moment, "all", 3)["codes"] == [0, 0, 0]
        assert [request.query["ids"] for request in market.requests] == ["coin-0,coin-1,coin-2"] * 2


def test_kills_of_the_asking_process_hold_nobody_up(scene: Scene, moment: datetime) -> None:
    tmp_path = scene.folder
    # Long ids: 67 of them fill an address.
    coins = [f"coin-{number:03}-".ljust(100, "x") for number in range(100)]
    write_specs(tmp_path, coins)
    with simulate(coins) as market:
        # Time for a kill to come between a request and its answer.
        market.faults.add(Fault(kind="slow", seconds=0.02, times=None))
        trials = run_processes(scene, market, moment, "kill", KILLS)
        times = [request.received_at.timestamp() for request in market.requests]
    assert len(trials) == KILLS
    requests = [sum(trial["started"] <= at <= trial["ended"] for at in times) for trial in trials]
    assert sum(requests) == len(times) - 1, "all but the one before the trials"
    assert set(requests) <= {2, 3}
    assert [trial["codes"] for trial in trials] == [[0, 0, 0]] * KILLS
    assert [trial["killed"] for trial in trials].count(-9) > KILLS // 4, "most are killed at work"
    assert [trial["pages"] for trial in trials] == [[33, 67]] * KILLS
    for number in range(KILLS):
        settings = Settings.from_environment(
            {"DATA_DIR": str(tmp_path / "data" / str(number))}, project_folder=tmp_path
        )
        for name in ("pipeline-0000", "pipeline-0001", "pipeline-0099"):
            assert _archived(name, settings, moment).observation.price == int(name[-4:]) + 1

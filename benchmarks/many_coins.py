"""What an hour of 250 coins costs in the steps alone: fetch, archive, record, statistics, alerts, exports.

The pipeline has 7 days of history. Its market is the simulator in a process of its own, whose CPU time isn't
counted; nor is the start of Python. Beside it stands an hour of a pipeline of one coin, measured in the same
way and in turn, which is what each of 250 coins costs in a file of its own.

Run from the project's folder with ``.venv/bin/python -m benchmarks.many_coins``; with SQLite and then with
PostgreSQL (whose server's CPU time isn't counted).
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from multiprocessing import Pipe, Process
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.databases import KINDS, empty_databases
from pipeline_lib import steps
from pipeline_lib.archive import keeper
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import arrivals, schema
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.observation import Observation
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generator import SERIES_START, GeneratedSeries
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.exports import append_files
from pipeline_lib.steps.run import Run, Services

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_COINS = [f"coin-{number:03}" for number in range(250)]
_DAYS = 7
_HOUR = timedelta(hours=1)
_START = SERIES_START + timedelta(days=2)
_FIRST_RUN = _START + timedelta(days=_DAYS)
_ROUNDS = 7
_STEPS = (steps.fetch_and_save_price, steps.compute_moving_average, steps.send_price_alerts)
_ALERTS_NEVER = "thresholds: {1h: 999, 24h: 999}"


def main() -> None:
    """Measure both kinds of databases, and print a line each."""
    for kind in KINDS:
        with empty_databases(kind, 1) as (address,), tempfile.TemporaryDirectory() as folder:
            many, one = _measure(address, Path(folder))
        per_coin = median(many) / len(_COINS)
        print(
            f"{kind}: {per_coin * 1000:.2f} ms of CPU a coin and hour in a pipeline of {len(_COINS)}"
            f" ({median(many):.3f} s an hour), {median(one) * 1000:.0f} ms in one of its own:"
            f" 1/{median(one) / per_coin:.0f}"
        )


def _measure(address: Secret, project: Path) -> tuple[Sequence[float], Sequence[float]]:
    with _market() as (base_url, clock):
        settings = _settings(project, address, base_url)
        specs = _write_specs(settings)
        with closing(Database(address)) as database:
            schema.upgrade(database)
            for spec in specs:
                _fill(database, spec)
        found: dict[str, list[float]] = {spec.name: [] for spec in specs}
        for spec in specs:
            with closing(Services.from_settings(settings).database) as database:
                keeper.claim(FolderArchive(Layout.of(spec.name, settings).archive), database.prepare())
            # The history's own statistics and files, before anything is measured.
            list(append_files(spec, Services.from_settings(settings)))
        for number in range(_ROUNDS):
            moment = _FIRST_RUN + number * _HOUR
            clock.send(moment + timedelta(seconds=20))
            clock.recv()
            for spec in specs:
                now = moment + timedelta(seconds=30)
                services = replace(Services.from_settings(settings), now=lambda now=now: now)  # type: ignore[misc]
                found[spec.name].append(_run(spec, Run(moment), services))
    # The first hour loads modules, and compiles statements.
    return found["many"][1:], found["one"][1:]


def _run(spec: PipelineSpec, run: Run, services: Services) -> float:
    """CPU seconds of the steps of a run."""
    begun = time.process_time()
    for step in _STEPS:
        outcome = step(spec, run, services)
        assert not getattr(outcome, "warnings", ()), outcome
        services.database.close()
    return time.process_time() - begun


def _settings(project: Path, address: Secret, base_url: str) -> Settings:
    variables = {
        "DATABASE_URL": address.reveal(),
        "LOCAL_FILES": "1",
        "COINGECKO_BASE_URL": base_url,
        "COINGECKO_CALLS_PER_MINUTE": "10000",
    }
    return Settings.from_environment(variables, project_folder=project)


def _write_specs(settings: Settings) -> tuple[PipelineSpec, ...]:
    folder = settings.dag_configs_dir
    folder.mkdir()
    for name, coins in {"many": f"coins: [{', '.join(_COINS)}]", "one": f"coin: {_COINS[0]}"}.items():
        text = f'spec_version: 1\n{coins}\nschedule: "@hourly"\n{_ALERTS_NEVER}\n'
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    catalog = Catalog(folder)
    return catalog.load("many"), catalog.load("one")


def _fill(database: Database, spec: PipelineSpec) -> None:
    """Enter the history, as runs leave it, without an archive."""
    series = {coin: GeneratedSeries(coin, 0) for coin in spec.coins.named}
    for hour in range(_DAYS * 24):
        moment = _START + hour * _HOUR
        digest = sha256(f"{spec.name} {moment}".encode()).hexdigest()
        with database.writing() as connection:
            part = ArchivedPart(moment, 1, digest, digest, moment)
            arrivals.record(connection, spec.name, part, list(_observe(series, moment)))
    database.close()


def _observe(series: dict[str, GeneratedSeries], moment: datetime) -> Iterator[Observation]:
    for coin, prices in series.items():
        quote = prices.quote_at(moment)
        assert quote
        yield Observation(coin, "usd", moment, quote.price, None, None, None, quote.volume, quote.time)


@contextmanager
def _market() -> "Iterator[tuple[str, Connection]]":
    """A simulator in a process of its own: its address, and what sets its clock."""
    ours, theirs = Pipe()
    process = Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def _serve(connection: "Connection") -> None:
    market = {coin: GeneratedSeries(coin, 0) for coin in _COINS}
    with Simulator(market, SimulatedClock(lambda: _FIRST_RUN)) as simulator:
        connection.send(simulator.base_url)
        while True:
            simulator.clock.set(connection.recv())
            connection.send(None)


if __name__ == "__main__":
    main()

"""What it costs 1,000 pipelines due at once to share calls, beside plain reads of the same answers.

Both sides work in eight processes, and read a spec for each pipeline as its task does; the market is
simulated in this process. One side shares the answers in SQLite, then in PostgreSQL, with a connection of
its own for each pipeline; the other side opens a file with the answer and finds its coin in it, which is the
least that a pipeline could do. Run from the project's folder with
``.venv/bin/python -m benchmarks.share_calls``.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.databases import KINDS, empty_databases
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import schema
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.series import Quote
from pipeline_lib.simulator.server import Simulator

_PIPELINES = 1000
_PROCESSES = 8
_TAKE = """
import json, os, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
import requests
from sqlalchemy import text
from pipeline_lib import steps
from pipeline_lib.errors import WaitNeededError
from pipeline_lib.market import find_observation
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog
from pipeline_lib.steps.fetching.live import take_live
moment = datetime.fromisoformat(sys.argv[1])
settings = Settings.from_environment(os.environ, project_folder=Path.cwd())
services = steps.Services.from_settings(settings)
catalog = Catalog(settings.dag_configs_dir)
names = catalog.names()

def share(name):
    spec, waited = catalog.load(name), 0.0
    while True:
        try:
            taken = take_live(spec, steps.Run(moment), services, spec.coins.named)
        except WaitNeededError as later:
            pause = max(0.0, (later.until - datetime.now(UTC)).total_seconds())
            time.sleep(pause)
            waited += pause
            continue
        finally:
            services.database.close()
        assert not taken.refused
        return waited

def read(name):
    spec = catalog.load(name)
    head, _, body = (Path("read") / name).read_bytes().partition(b"\\n")
    answer = MarketAnswer("usd", tuple(json.loads(head)), "", moment, body)
    find_observation(answer, spec.coins.coin, moment, spec.quality.max_age)
    return 0.0

def run(take):
    pipes, started, before = [], time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    for worker in range({processes}):
        ours, theirs = os.pipe()
        if not os.fork():
            waits = [take(name) for name in names[worker::{processes}]]
            os.write(theirs, json.dumps([sum(waits), max(waits)]).encode())
            os._exit(0)
        os.close(theirs)
        pipes.append(ours)
    waits = [json.loads(os.read(pipe, 1000)) for pipe in pipes]
    for _ in pipes:
        os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall": time.perf_counter() - started,
        "cpu": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
        "waited": sum(total for total, _ in waits),
        "longest": max(most for _, most in waits),
    }

services.database.close()
first = run(share)
Path("read").mkdir()
with services.database.reading() as connection:
    for row in connection.execute(text("SELECT page, coins, body FROM shared_answers")):
        path = Path("read") / f"page-{row.page}"
        path.write_bytes(row.coins.encode() + b"\\n" + row.body)
        for coin in json.loads(row.coins):
            (Path("read") / coin).hardlink_to(path)
services.database.close()
shared, read = (min(run(take)["cpu"] for _ in range(5)) for take in (share, read))
print(json.dumps({**first, "shared": shared, "read": read}))
"""


class _OnePrice:
    def quote_at(self, moment: datetime) -> Quote:
        return Quote(moment.replace(minute=0, second=0, microsecond=0), Decimal("7325.10"), Decimal(1))

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:  # noqa: ARG002 (a series' signature)
        return [self.quote_at(end)]


def main() -> None:
    """Print requests, waits, and what sharing adds to reading, for each kind of database."""
    for kind in KINDS:
        with empty_databases(kind, 1) as (address,):
            _print_costs(kind, address)


def _print_costs(kind: str, address: Secret) -> None:
    with closing(Database(address)) as database:
        schema.upgrade(database)
    coins = [f"coin-{number:04}" for number in range(_PIPELINES)]
    clock = SimulatedClock(lambda: datetime.now(UTC))
    with tempfile.TemporaryDirectory() as name, Simulator(dict.fromkeys(coins, _OnePrice()), clock) as market:
        _write_specs(Path(name), coins)
        took = _take_all(Path(name), market.base_url, address)
        requests = len(market.requests)
    print(f"answers are shared in      {kind}")
    print(f"pipelines due at once      {_PIPELINES}, in {_PROCESSES} processes")
    print(f"requests                   {requests}")
    print(f"all have their snapshot    {took['wall']:.2f} s")
    print(f"waited out of their slots  {took['waited']:.2f} s together, {took['longest']:.2f} s at most")
    print(f"once the answers are there {took['shared']:.2f} s CPU")
    print(f"plain reads of the same    {took['read']:.2f} s CPU")
    print(f"ratio                      {took['shared'] / took['read']:.2f}\n")


def _take_all(folder: Path, base_url: str, address: Secret) -> dict[str, float]:
    moment = datetime.now(UTC).replace(second=0, microsecond=0)
    finished = subprocess.run(  # noqa: S603 (this interpreter, with this file's own program)
        [sys.executable, "-c", _TAKE.replace("{processes}", str(_PROCESSES)), moment.isoformat()],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(Path.cwd()),
            "COINGECKO_BASE_URL": base_url,
            "DATABASE_URL": address.reveal(),
            "DATA_DIR": str(folder / "data"),
        },
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    results: dict[str, float] = json.loads(finished.stdout)
    return results


def _write_specs(project: Path, coins: list[str]) -> None:
    folder = project / "dag_configs"
    folder.mkdir()
    for coin in coins:
        text = f'spec_version: 1\ncoin: {coin}\nschedule: "* * * * *"\n'
        (folder / f"{coin}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

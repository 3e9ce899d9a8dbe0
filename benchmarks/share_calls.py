"""What it costs that pipelines share calls: 1,000 due at once, beside the same number that share nothing.

Both sides fetch in eight processes from a simulated market in this one, which answers at once, and write
their snapshots and logs. On the other side each pipeline has a data folder of its own, so each asks for
itself. Run from the project's folder with ``.venv/bin/python benchmarks/share_calls.py``.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.series import Quote
from pipeline_lib.simulator.server import Simulator

_PIPELINES = 1000
_PROCESSES = 8
_FETCH = """
import json, os, sys, time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
import requests
from pipeline_lib import steps
from pipeline_lib.settings import Settings
from pipeline_lib.spec import Catalog
from pipeline_lib.steps.live import take_live_snapshot
shares_calls, run = sys.argv[1] == "shared", steps.Run(datetime.fromisoformat(sys.argv[2]))
settings = Settings.from_environment(os.environ, project_folder=Path.cwd())
names = Catalog(settings.dag_configs_dir).names()

def fetch(name):
    own = settings if shares_calls else replace(settings, data_dir=settings.data_dir / name)
    if not shares_calls:
        own = replace(own, dag_configs_dir=own.dag_configs_dir / "none")
    spec = Catalog(settings.dag_configs_dir).load(name)
    access = steps.Access.from_settings(own)
    waited = take_live_snapshot(spec, run, access).waited_seconds
    steps.fetch_and_save_price(spec, run, access)
    return waited

pipes = []
for worker in range({processes}):
    ours, theirs = os.pipe()
    if not os.fork():
        waits = [fetch(name) for name in names[worker::{processes}]]
        os.write(theirs, json.dumps([sum(waits), max(waits)]).encode())
        os._exit(0)
    os.close(theirs)
    pipes.append(ours)
waits = [json.loads(os.read(pipe, 1000)) for pipe in pipes]
print(json.dumps([sum(total for total, _ in waits), max(longest for _, longest in waits)]))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one side took.

    Attributes:
        seconds: From the first process's start to the last one's end.
        requests: That the market got.
        waited: Seconds that pipelines waited for others, together.
        longest_wait: The longest of these waits, in seconds.
    """

    seconds: float
    requests: int
    waited: float
    longest_wait: float


class _OnePrice:
    def quote_at(self, moment: datetime) -> Quote:
        return Quote(moment.replace(minute=0, second=0, microsecond=0), Decimal("7325.10"), Decimal(1))

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:  # noqa: ARG002 (a series' signature)
        return [self.quote_at(end)]


def main() -> None:
    """Print what each side takes, and their ratio."""
    shared, alone = _measure("shared"), _measure("alone")
    print(f"pipelines due at once   {_PIPELINES}, in {_PROCESSES} processes")
    _show("sharing calls", shared)
    _show("each for itself", alone)
    print(f"ratio of requests       1 : {alone.requests / shared.requests:.0f}")
    print(f"ratio of time           {shared.seconds / alone.seconds:.2f}")


def _measure(mode: str) -> Cost:
    coins = [f"coin-{number:04}" for number in range(_PIPELINES)]
    clock = SimulatedClock(lambda: datetime.now(UTC))
    with tempfile.TemporaryDirectory() as name, Simulator(dict.fromkeys(coins, _OnePrice()), clock) as market:
        folder = Path(name)
        _write_specs(folder, coins)
        started = time.perf_counter()
        finished = subprocess.run(  # noqa: S603 (this interpreter, with this file's own program)
            [
                sys.executable,
                "-c",
                _FETCH.replace("{processes}", str(_PROCESSES)),
                mode,
                datetime.now(UTC).replace(second=0, microsecond=0).isoformat(),
            ],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(Path.cwd()),
                "COINGECKO_BASE_URL": market.base_url,
                "COINGECKO_CALLS_PER_MINUTE": "1000000",
                "DATA_DIR": str(folder / "data"),
            },
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        seconds = time.perf_counter() - started
        waited, longest = json.loads(finished.stdout)
        return Cost(seconds, len(market.requests), waited, longest)


def _write_specs(project: Path, coins: list[str]) -> None:
    folder = project / "dag_configs"
    folder.mkdir()
    for coin in coins:
        text = f'spec_version: 1\ncoin: {coin}\nschedule: "* * * * *"\n'
        (folder / f"{coin}.yaml").write_text(text, encoding="utf-8")


def _show(name: str, cost: Cost) -> None:
    print(
        f"{name:<24}{cost.seconds:.1f} s, {cost.requests} requests,"
        f" {cost.waited:.1f} s of waiting for others, at most {cost.longest_wait:.2f} s"
    )


if __name__ == "__main__":
    main()

"""What an hour of 10,000 coins costs, in as real a stack as there is without Docker.

Specs of 250 coins each. Airflow as ``make up`` starts it (LocalExecutor, dag processor, api-server,
triggerer) with a real PostgreSQL server for its database and for that of the pipelines. CoinGecko and Slack
are the simulator, over HTTP. All pipelines are switched on at once, and Airflow's own scheduler makes the run
of the hour that has begun; with ``--hours`` it makes those of the next hours when these begin.

The CPU time is that of all processes of Airflow and of PostgreSQL, those that have ended included, from when
the runs are due to the end of the last; what stands in for the outer world is counted apart.

Run from the project's folder with ``make bench-scale`` or ``.venv/bin/python -m benchmarks.scale``.
"""

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.scale import volume
from benchmarks.scale.bars import Bars
from benchmarks.scale.meter import spent
from benchmarks.scale.specs import spec_count, write_specs
from benchmarks.scale.stack import Stack, stack
from benchmarks.scale.world import PLAN, World, offline_world
from local_stack.foreign_settings import forget_foreign_settings
from local_stack.stopping import stop_as_by_ctrl_c

_HOUR = timedelta(hours=1)
_HOURS_A_YEAR = 8760
_HOURS_A_MONTH = 730
_SECONDS_TO_SETTLE = 15.0
_SECONDS_IDLE = 20.0
_LONGEST_WAIT_SECONDS = 480.0


def main() -> int:
    """Measure, print, and say whether all bars were met."""
    parser = argparse.ArgumentParser(prog="scale", description="Run an hour of many coins for real.")
    parser.add_argument("--coins", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--hours", type=int, default=1, help="how many hours, in real time (default 1)")
    parser.add_argument("--uploads", action="store_true", help="publish to a simulated S3 as well")
    arguments = parser.parse_args()
    stop_as_by_ctrl_c()
    forget_foreign_settings()
    bars = Bars()
    with (
        tempfile.TemporaryDirectory(prefix="scale-") as name,
        offline_world(arguments.coins, uploads=arguments.uploads) as world,
    ):
        folder = Path(name)
        write_specs(folder / "dag_configs", arguments.coins, uploads=arguments.uploads)
        specs = spec_count(arguments.coins)
        plan = ", ".join(f"{key}={value}" for key, value in PLAN.items())
        print(f"{arguments.coins} coins in {specs} specs; {plan}", flush=True)
        with stack(folder, world.environment) as running:
            print(
                f"all DAGs were there {running.wait_for_dags(specs):.0f} s after a healthy Airflow",
                flush=True,
            )
            time.sleep(_SECONDS_TO_SETTLE)
            before = running.meter.read()
            time.sleep(_SECONDS_IDLE)
            idle = sum(spent(before, running.meter.read()).values()) / _SECONDS_IDLE
            print(f"the idle stack takes {idle:.2f} of a core", flush=True)
            moment = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
            for hour in range(arguments.hours):
                _measure(running, world, bars, moment + hour * _HOUR, arguments.coins)
            _print_volume(running, arguments.coins, arguments.hours)
    return bars.exit_code


def _measure(running: Stack, world: World, bars: Bars, moment: datetime, coins: int) -> None:
    specs = spec_count(coins)
    asked, rows = world.requests(), volume.rows_of(running.pipelines_database, "observations")
    own = time.process_time()
    due = max(datetime.now(UTC), moment)
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
    world.simulator.clock.set(moment)
    before = running.meter.read()
    # Those that are on already are left alone.
    running.unpause_all()
    states = running.wait_for_runs(moment, specs, _LONGEST_WAIT_SECONDS)
    costs = spent(before, running.meter.read())
    seconds = (running.end_of_last_run(moment) - due).total_seconds()
    cpu = sum(costs.values())
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{moment:%Y-%m-%dT%H:%MZ}; load of the machine {load}")
    print(f"runs: {states}; from due to the end of the last: {seconds:.0f} s")
    for kind, of_kind in costs.items():
        print(f"  {kind:<20} {of_kind:7.1f} CPU-s")
    print(f"  {'together':<20} {cpu:7.1f} CPU-s")
    print(f"  {'the stand-ins, apart':<20} {time.process_time() - own:7.1f} CPU-s")
    print(f"tasks that failed or were tried again: {running.imperfect_tasks()}")
    print(f"messages to Slack: {len(world.simulator.slack_messages)}")
    bars.exactly("runs that are green", states.get("success", 0), specs)
    bars.at_most("seconds from due to the end of the last run", seconds, 240)
    bars.at_most("CPU-s of Airflow and PostgreSQL", cpu, 250)
    bars.at_most("CPU-s a coin and hour", cpu / coins, 0.02)
    bars.exactly("requests to CoinGecko", world.requests() - asked, specs)
    new = volume.rows_of(running.pipelines_database, "observations") - rows
    bars.exactly("new rows in observations", new, coins)


def _print_volume(running: Stack, coins: int, hours: int) -> None:
    tables = volume.table_bytes(running.pipelines_database)
    archive = volume.file_bytes(running.data / "archive")
    exports = volume.file_bytes(running.data) - archive
    print(f"\nbytes after {hours} h of {coins} coins, and gigabytes a year at that rate:")
    for what, size in {**tables, "archive": archive, "CSV files": exports}.items():
        print(f"  {what:<20} {size:>12,}  {size / hours * _HOURS_A_YEAR / 1e9:7.1f} GB")
    print(f"requests a month: {spec_count(coins) * _HOURS_A_MONTH:,}")


if __name__ == "__main__":
    raise SystemExit(main())

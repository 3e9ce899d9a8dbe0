"""``make demo``: the whole pipeline, offline, on a simulated market.

Some days of history go through the step functions; then Airflow's own scheduler runs
``bitcoin_data_pipeline`` on the hour of a crash.
"""

import argparse
import os
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path

from local_stack.airflow_api import AirflowApi, AirflowNotReadyError, TaskFailedError
from local_stack.embedded_airflow import (
    PASSWORD,
    PORT,
    USER,
    AirflowPlace,
    EmbeddedAirflow,
    free_port,
    is_free,
)
from local_stack.foreign_settings import forget_foreign_settings
from local_stack.report import files_below, last_row, message_lines, objects_in, price_lines, size_lines
from local_stack.simulated_world import BUCKET, SimulatedWorld, simulated_world
from pipeline_lib import steps
from pipeline_lib.common.timestamps import format_key, format_moment
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec

_PROJECT = Path(__file__).resolve().parents[1]
_FOLDER = _PROJECT / ".demo"
_DATA = _FOLDER / "data"
_HISTORY_HOURS = 8 * 24
_SECONDS_TO_START = 120.0
_SECONDS_TO_RUN = 180.0
_INTERRUPTED = 130


class _FailedError(Exception):
    """The demo can't go on; the text says why."""


def main() -> int:
    """Run the demo; the exit code."""
    parser = argparse.ArgumentParser(description="Run the whole pipeline offline on a simulated market.")
    parser.add_argument("--keep", action="store_true", help=f"leave the UI up on port {PORT} until Ctrl-C")
    keep = parser.parse_args().keep
    print("The market of this demo is SIMULATED: made-up prices, nothing leaves this machine.", flush=True)
    try:
        _run(AirflowPlace(_PROJECT, _FOLDER / "airflow", _port(keep=keep)), keep=keep)
    except (_FailedError, AirflowNotReadyError, TaskFailedError, CoinPipelinesError) as error:
        print(f"demo: failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped")
        return 0 if keep else _INTERRUPTED
    return 0


def _port(*, keep: bool) -> int:
    if not keep:
        return free_port()
    if not is_free(PORT):
        raise _FailedError(f"port {PORT} is taken; stop what listens there, or run without KEEP=1")
    return PORT


def _run(place: AirflowPlace, *, keep: bool) -> None:
    started = time.monotonic()
    forget_foreign_settings()
    shutil.rmtree(_FOLDER, ignore_errors=True)
    with simulated_world(_DATA) as world:
        # Only runs that are asked for: the simulated market stands at one hour, not at today's.
        manual = {**world.environment, "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False"}
        manual["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] = "False"
        with EmbeddedAirflow(place, manual) as airflow:
            _say(f"Airflow starts (log: {airflow.log.relative_to(_PROJECT)})")
            settings = Settings.from_environment(os.environ, project_folder=_PROJECT)
            spec = Catalog(settings.dag_configs_dir).load("bitcoin")
            _replay(spec, settings, world)
            _run_by_scheduler(place, airflow, spec, world)
            _report(world)
            _say(f"done in {time.monotonic() - started:.0f} s")
            if keep:
                _keep(place, airflow, world)


def _replay(spec: PipelineSpec, settings: Settings, world: SimulatedWorld) -> None:
    services = steps.Services.from_settings(settings)
    for hour in range(_HISTORY_HOURS):
        moment = world.crash - timedelta(hours=_HISTORY_HOURS - hour)
        world.simulator.clock.set(moment)
        for step in steps.all_steps():
            step(spec, steps.Run(moment), services)
        if (hour + 1) % 24 == 0:
            _say(f"replayed {hour + 1} of {_HISTORY_HOURS} hours, up to {format_moment(moment)}")
    world.simulator.clock.set(world.crash)


def _run_by_scheduler(
    place: AirflowPlace, airflow: EmbeddedAirflow, spec: PipelineSpec, world: SimulatedWorld
) -> None:
    api = AirflowApi(place.url, lambda: airflow.has_ended)
    _say("waiting for Airflow to know the DAG")
    api.wait_for_dag(spec.dag_id, _SECONDS_TO_START)
    delivered_before = len(world.simulator.slack_messages)
    run_id = api.trigger(spec.dag_id, world.crash)
    _say(f"the scheduler runs {spec.dag_id} for {format_moment(world.crash)}")
    api.wait_for_run(spec.dag_id, run_id, _SECONDS_TO_RUN, lambda task, state: _say(f"  {task}: {state}"))
    if len(world.simulator.slack_messages) == delivered_before:
        raise _FailedError("the crash alerted nobody")


def _report(world: SimulatedWorld) -> None:
    row = last_row(_DATA / "bitcoin_processed.csv")
    if row["timestamp"] != format_moment(world.crash):
        raise _FailedError(f"the processed table ends at {row['timestamp']}, not at the crash")
    key, day = format_key(world.crash), f"processed/date={world.crash:%Y-%m-%d}"

    def is_of_run(name: str) -> bool:
        return (key in name or day in name) and not name.startswith("coingecko/")

    print("\nbitcoin_data_pipeline, simulated market")
    lines = (
        *price_lines(row),
        *message_lines(world.simulator.slack_messages[-1].body),
        *size_lines("files", files_below(_DATA), lambda name: "/" not in name or is_of_run(name)),
        *size_lines("S3", objects_in(world.s3, BUCKET), lambda name: "=" not in name or is_of_run(name)),
    )
    print("\n".join(lines) + "\n", flush=True)


def _keep(place: AirflowPlace, airflow: EmbeddedAirflow, world: SimulatedWorld) -> None:
    world.simulator.clock.follow()
    _say(f"the UI stays at {place.url} ({USER} / {PASSWORD}); trigger a run there; Ctrl-C ends it")
    while not airflow.has_ended:
        time.sleep(1)
    raise _FailedError(f"Airflow ended; see {airflow.log}")


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

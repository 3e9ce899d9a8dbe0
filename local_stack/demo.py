"""``make demo``: the whole pipeline, offline, on a simulated market.

Some days of history go through the step functions; then bitcoin crashes, and Airflow's own scheduler runs the
pipelines of that hour, which is the hour that has just begun.
"""

import argparse
import math
import os
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from local_stack.airflow_api import AirflowApi, AirflowNotReadyError, TaskFailedError
from local_stack.embedded_airflow import PASSWORD, USER, AirflowPlace, EmbeddedAirflow
from local_stack.foreign_settings import forget_foreign_settings
from local_stack.ports import DEFAULT_PORT, PortUnavailableError, free_port, port_number, usable
from local_stack.report import RunNotRecordedError, pipeline_lines
from local_stack.simulated_world import BUCKET, SimulatedWorld, simulated_world
from local_stack.stopping import stop_as_by_ctrl_c
from pipeline_lib import steps
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec

_PROJECT = Path(__file__).resolve().parents[1]
_FOLDER = _PROJECT / ".demo"
_DATA = _FOLDER / "data"
_ENVIRONMENT = _FOLDER / "environment"
_PIPELINES = ("bitcoin", "top_50")
_PUBLISHING = (steps.upload_raw_to_s3, steps.upload_processed_csv_to_s3)
_HISTORY_HOURS = 8 * 24
# Airflow is ready by then. A demo that begins at the end of an hour is about the next one.
_TIME_TO_START = timedelta(minutes=4)
_SECONDS_TO_START = 120.0
_SECONDS_TO_RUN = 180.0
_INTERRUPTED = 130


class _FailedError(Exception):
    """The demo can't go on; the text says why."""


def main() -> int:
    """Run the demo; the exit code."""
    parser = argparse.ArgumentParser(prog="demo", description="Run the whole pipeline offline.")
    parser.add_argument("--keep", action="store_true", help="let Airflow and the market go on until Ctrl-C")
    parser.add_argument("--port", type=port_number, help="of the UI")
    arguments = parser.parse_args()
    stop_as_by_ctrl_c()
    print("The market of this demo is SIMULATED: made-up prices, nothing leaves this machine.", flush=True)
    try:
        port = _port(arguments.port, keep=arguments.keep)
        _run(AirflowPlace(_PROJECT, _FOLDER / "airflow", port), keep=arguments.keep)
    except (
        _FailedError,
        AirflowNotReadyError,
        TaskFailedError,
        PortUnavailableError,
        RunNotRecordedError,
        CoinPipelinesError,
    ) as error:
        print(f"demo: failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped", flush=True)
        return 0 if arguments.keep else _INTERRUPTED
    return 0


def _port(asked: int | None, *, keep: bool) -> int:
    if keep:
        return usable(asked or DEFAULT_PORT, "make demo KEEP=1")
    return usable(asked, "make demo") if asked else free_port()


def _run(place: AirflowPlace, *, keep: bool) -> None:
    started = time.monotonic()
    forget_foreign_settings()
    shutil.rmtree(_FOLDER, ignore_errors=True)
    crash = (datetime.now(UTC) + _TIME_TO_START).replace(minute=0, second=0, microsecond=0)
    with simulated_world(_DATA, crash) as world, EmbeddedAirflow(place, world.environment) as airflow:
        _say(f"Airflow starts (log: {airflow.log.relative_to(_PROJECT)})")
        settings = Settings.from_environment(os.environ, project_folder=_PROJECT)
        specs = [Catalog(settings.dag_configs_dir).load(name) for name in _PIPELINES]
        _replay(specs, settings, world, crash)
        _run_by_scheduler(AirflowApi(place.url, lambda: airflow.has_ended), specs, world, crash)
        for spec in specs:
            print("\n" + "\n".join(pipeline_lines(spec, crash, _DATA, world)), flush=True)
        if airflow.exposed_addresses:
            raise _FailedError(f"Airflow listens for other machines: {', '.join(airflow.exposed_addresses)}")
        _say(f"done in {time.monotonic() - started:.0f} s")
        if keep:
            _keep(place, airflow, specs, world)


def _replay(
    specs: Sequence[PipelineSpec], settings: Settings, world: SimulatedWorld, crash: datetime
) -> None:
    services = steps.Services.from_settings(settings)
    for hour in range(_HISTORY_HOURS):
        moment = crash - timedelta(hours=_HISTORY_HOURS - hour)
        world.simulator.clock.set(moment)
        ends_day = (hour + 1) % 24 == 0
        for spec in specs:
            for step in steps.all_steps():
                # What a run has not published, a later one does.
                if ends_day or step not in _PUBLISHING:
                    step(spec, steps.Run(moment), services)
        if ends_day:
            _say(f"replayed {hour + 1} of {_HISTORY_HOURS} hours, up to {format_moment(moment)}")
    world.simulator.clock.set(crash)


def _run_by_scheduler(
    api: AirflowApi, specs: Sequence[PipelineSpec], world: SimulatedWorld, crash: datetime
) -> None:
    _say("waiting for Airflow to know the pipelines")
    for spec in specs:
        api.wait_for_dag(spec.dag_id, _SECONDS_TO_START)
    seconds_left = (crash - datetime.now(UTC)).total_seconds()
    if seconds_left > 0:
        _say(f"waiting {math.ceil(seconds_left)} s for {format_moment(crash)}, the hour of the crash")
        time.sleep(seconds_left)
    delivered_before = len(world.simulator.slack_messages)
    for spec in specs:
        # Pipelines start paused. One that is switched on is run for the hour that has just begun.
        api.unpause(spec.dag_id)
    for spec in specs:
        _say(f"the scheduler runs {spec.dag_id} for {format_moment(crash)}")
        run_id = api.wait_for_scheduled_run(spec.dag_id, crash, _SECONDS_TO_RUN)
        api.wait_for_run(spec.dag_id, run_id, _SECONDS_TO_RUN, lambda task, state: _say(f"  {task}: {state}"))
    if len(world.simulator.slack_messages) == delivered_before:
        raise _FailedError("the crash alerted nobody")


def _keep(
    place: AirflowPlace, airflow: EmbeddedAirflow, specs: Sequence[PipelineSpec], world: SimulatedWorld
) -> None:
    world.simulator.clock.follow()
    _ENVIRONMENT.write_text(
        "".join(f"export {name}='{value}'\n" for name, value in world.environment.items()), encoding="utf-8"
    )
    api = AirflowApi(place.url, lambda: airflow.has_ended)
    simulator = world.simulator
    port = urlsplit(simulator.control_url).port
    _say(f"the UI stays at {place.url} ({USER} / {PASSWORD}); Ctrl-C ends it")
    _say("the market goes on in real time, and the schedule with it:")
    for spec in specs:
        _say(f"  {spec.dag_id} runs next at {api.next_run(spec.dag_id)}")
    _say("other pipelines start paused, as will one of `coin-pipelines new solana`: switch them on in the UI")
    _say(f"  CoinGecko  {simulator.base_url} (a failure: coin-pipelines simulator --port {port} fault 429)")
    _say(f"  Slack      {simulator.control_url}/slack/messages")
    _say(f"  S3         {world.s3_url}, bucket {BUCKET}")
    _say(f"in another terminal, `. {_ENVIRONMENT.relative_to(_PROJECT)}` leads coin-pipelines to these")
    while not airflow.has_ended:
        time.sleep(1)
    raise _FailedError(f"Airflow ended; see {airflow.log}")


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""``make up``: Airflow on this machine against the live API, for people without Docker."""

import argparse
import math
import os
import sys
import time
from pathlib import Path

from local_stack.airflow_api import AirflowApi, AirflowNotReadyError
from local_stack.embedded_airflow import PASSWORD, USER, AirflowPlace, EmbeddedAirflow
from local_stack.ports import DEFAULT_PORT, PortUnavailableError, port_number, usable
from local_stack.stopping import stop_as_by_ctrl_c

_PROJECT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run until Ctrl-C; the exit code."""
    parser = argparse.ArgumentParser(prog="up", description="Run Airflow on this machine.")
    parser.add_argument("--port", type=port_number, default=DEFAULT_PORT, help="of the UI and the API")
    port = parser.parse_args().port
    stop_as_by_ctrl_c()
    try:
        return _run(AirflowPlace(_PROJECT, _PROJECT / ".airflow", usable(port, "make up")))
    except PortUnavailableError as error:
        print(f"up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("up: stopped", flush=True)
        return 0


def _run(place: AirflowPlace) -> int:
    if not os.environ.get("SLACK_WEBHOOK_URL"):
        print("up: SLACK_WEBHOOK_URL is not set: alerts are skipped")
    with EmbeddedAirflow(place, {}) as airflow:
        print(f"up: Airflow starts (log: {airflow.log})", flush=True)
        try:
            AirflowApi(place.url, lambda: airflow.has_ended).wait_until_healthy(math.inf)
            print(f"up: {place.url} ({USER} / {PASSWORD}); Ctrl-C ends it")
            print("up: a new pipeline starts paused; switch it on there, or with")
            command = f"AIRFLOW_HOME={place.home} {_airflow()} dags unpause bitcoin_data_pipeline"
            print(f"up:   {command}", flush=True)
            while not airflow.has_ended:
                time.sleep(1)
        except AirflowNotReadyError:
            # It ended; the reason is in its log.
            pass
        print(f"up: Airflow ended by itself; see {airflow.log}", file=sys.stderr)
    return 1


def _airflow() -> Path:
    """The program ``airflow``, as it is called from the project's folder."""
    program = Path(sys.executable).with_name("airflow")
    return program.relative_to(_PROJECT) if program.is_relative_to(_PROJECT) else program


if __name__ == "__main__":
    sys.exit(main())

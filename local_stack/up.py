"""``make up``: Airflow on this machine against the live API, for people without Docker."""

import os
import sys
import time
from pathlib import Path

from local_stack.embedded_airflow import PASSWORD, PORT, USER, AirflowPlace, EmbeddedAirflow, is_free

_PROJECT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run until Ctrl-C; the exit code."""
    place = AirflowPlace(_PROJECT, _PROJECT / ".airflow", PORT)
    if not is_free(PORT):
        print(f"up: port {PORT} is taken; stop what listens there", file=sys.stderr)
        return 1
    if not os.environ.get("SLACK_WEBHOOK_URL"):
        print("up: SLACK_WEBHOOK_URL is not set: alerts are skipped")
    with EmbeddedAirflow(place, {}) as airflow:
        print(f"up: {place.url} ({USER} / {PASSWORD}), log: {airflow.log}; Ctrl-C ends it", flush=True)
        try:
            while not airflow.has_ended:
                time.sleep(1)
        except KeyboardInterrupt:
            return 0
    print(f"up: Airflow ended by itself; see {airflow.log}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

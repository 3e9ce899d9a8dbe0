"""Make the folder ``data`` beside this file: what the version before the database wrote in two days.

Run from the project's folder with ``.venv/bin/python tests/data/taken_over/generate.py``. It checks that
version out into a temporary worktree, and runs its own commands against its own simulator.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

VERSION = "f2e12bb"
HERE = Path(__file__).resolve().parent
GIT = shutil.which("git") or "git"
HOUR = timedelta(hours=1)

# Hours in which the made-up market falls by 7.6 % (the 5th at 07:00) and by 6.3 % (the 6th at 16:00).
START = datetime(2024, 1, 5, tzinfo=UTC)
END = datetime(2024, 1, 6, 17, tzinfo=UTC)
LATE, CAME_AT = START + 12 * HOUR, START + 15 * HOUR
REFUSED = START + 20 * HOUR
# From then on nobody is told: what comes about stays without a delivery record.
WITHOUT_SLACK = END - 2 * HOUR

SPECS = {
    "bitcoin": "coin: bitcoin\nvs_currency: usd\nschedule: '@hourly'\nwindows: [6h, 3]\n"
    "thresholds: {1h: 3, 24h: 8}\n",
    "ether-slow": "coin: ethereum\nvs_currency: usd\nschedule: '0 */6 * * *'\nwindows: [24h]\n"
    "thresholds: {24h: 5}\n",
}

DRIVER = """
import json, os, sys, urllib.request
from datetime import datetime
from pathlib import Path
from pipeline_lib.cli.main import main
from pipeline_lib.alerts.ops_notices import TaskFailure, TaskRun
from pipeline_lib.ops_alerts import OpsAlerts

simulator, webhook, steps = json.load(sys.stdin)

def ask(path, method, document):
    request = urllib.request.Request(
        f"{simulator}/simulator/{path}", json.dumps(document).encode(), method=method
    )
    urllib.request.urlopen(request).close()

for step in steps:
    ask("clock", "PUT", {"at": step["market"]})
    if step["fault"]:
        ask("faults", "POST", step["fault"])
    os.environ["SLACK_WEBHOOK_URL"] = webhook if step["slack"] else ""
    try:
        main(["run", step["pipeline"], "--at", step["moment"]], standalone_mode=False)
    except SystemExit as ended:
        print("ended with", ended.code)
    if step["fault"]:
        moment = datetime.fromisoformat(step["moment"])
        failed = TaskRun(step["pipeline"], "fetch_and_save_bitcoin_price", moment)
        alerts = OpsAlerts.from_environment(
            {**os.environ, "OPS_SLACK_WEBHOOK_URL": webhook}, project_folder=Path.cwd()
        )
        alerts.task_failed(TaskFailure(failed, ValueError("made up"), 4, 4))
"""


def main() -> None:
    """Make the folder anew."""
    with _worktree() as version_before, tempfile.TemporaryDirectory() as name:
        project = Path(name)
        (project / "dag_configs").mkdir()
        for spec, text in SPECS.items():
            (project / "dag_configs" / f"{spec}.yaml").write_text(f"spec_version: 1\n{text}")
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(version_before),
            "COINGECKO_HISTORY_DAYS": "36500",
            "ALERT_GROUPING_SECONDS": "0",
            "NO_PROXY": "127.0.0.1",
        }
        with _simulator(environment) as (base_url, webhook):
            simulator = base_url.removesuffix("/api/v3")
            subprocess.run(
                [sys.executable, "-c", DRIVER],
                input=json.dumps([simulator, webhook, list(_steps())]),
                env=environment | {"COINGECKO_BASE_URL": base_url},
                cwd=project,
                text=True,
                check=True,
            )
        _keep(project)


def _steps() -> Iterator[dict[str, object]]:
    moment = START
    while moment <= END:
        if moment != LATE:
            yield _step("bitcoin", moment, moment)
        if moment == CAME_AT:
            yield _step("bitcoin", LATE, moment)
        if moment.hour % 6 == 0:
            yield _step("ether-slow", moment, moment)
        moment += HOUR


def _step(pipeline: str, moment: datetime, market: datetime) -> dict[str, object]:
    is_refused = pipeline == "bitcoin" and moment == REFUSED
    fault = {"kind": "replace_field", "field": "current_price", "value": -1, "coin": "bitcoin"}
    return {
        "pipeline": pipeline,
        "moment": moment.isoformat(),
        "market": market.isoformat(),
        "slack": moment <= WITHOUT_SLACK,
        "fault": fault if is_refused else None,
    }


@contextmanager
def _worktree() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        subprocess.run([GIT, "worktree", "add", "-q", "--detach", tree, VERSION], check=True)
        try:
            yield tree
        finally:
            subprocess.run([GIT, "worktree", "remove", "--force", tree], check=True)


@contextmanager
def _simulator(environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    command = [sys.executable, "-m", "pipeline_lib.cli", "simulator", "--port", "0"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout
        words = running.stdout.readline().split()
        yield words[1], words[-1]
    finally:
        running.terminate()
        running.wait()


def _keep(project: Path) -> None:
    for folder in ("dag_configs", "data"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    # Caches and locks hold nothing that is taken over.
    left_out = shutil.ignore_patterns("coingecko", "response_shapes", "*.lock")
    shutil.copytree(project / "data", HERE / "data", ignore=left_out)
    shutil.copytree(project / "dag_configs", HERE / "dag_configs")


if __name__ == "__main__":
    main()

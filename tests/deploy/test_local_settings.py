"""What Airflow's processes of the image hold before the first task."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "docker" / "config"
SCRIPT = """
import sys
import airflow.settings
loaded = set(sys.modules)
from pipeline_lib.airflow.task import run_step
from pipeline_lib import steps
from pipeline_lib.ops.alerts import OpsAlerts
import psycopg, requests
steps.all_steps()
OURS = ("pipeline_lib", "psycopg", "requests")
print(sorted(name for name in set(sys.modules) - loaded if name.startswith(OURS)))
print([name for name in ("import_module", "steps") if hasattr(airflow.settings, name)])
"""


def test_a_task_finds_all_that_it_needs_loaded(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.splitlines()[-2:] == ["[]", "[]"]

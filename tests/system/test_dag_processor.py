"""A real ``airflow dag-processor`` over good and broken specs: one pipeline's mistake is nobody else's.

Operators hear of each mistake once.
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.server import Simulator
from tests.system.world import PROJECT

SPEC = 'spec_version: 1\ncoin: bitcoin\nschedule: "@hourly"\n'
GOOD = [f"good-{number:02}" for number in range(20)]
BROKEN = {
    "broken-a": "windows: 24h\n",
    "broken-b": "retries: [\n",
    "broken-c": "windows:\n  - 24h\n  - soon\n",
}
# The package's entry point does the same where the package is installed with it.
PLUGIN = "from pipeline_lib.airflow.plugin import OpsAlertsPlugin\n"
BUNDLE = {
    "name": "dags-folder",
    "classpath": "pipeline_lib.airflow.bundle.PipelinesDagBundle",
    "kwargs": {"refresh_interval": 1},
}
PLACES = ["broken-a.yaml:4:1: ", "broken-b.yaml:5:1: ", "broken-c.yaml:6:5: "]
SECONDS_TO_NOTICE = 60


@dataclass(frozen=True)
class Processor:
    """A dag processor that runs.

    Attributes:
        configs: Where it finds its specs.
        database: What it writes to.
        log: What it says.
        simulator: The Slack that operators read.
    """

    configs: Path
    database: Path
    log: Path
    simulator: Simulator

    def delivered(self) -> list[str]:
        """The messages to operators, a text for each."""
        bodies: list[Any] = [message.body for message in self.simulator.slack_messages]
        return ["\n".join(block["text"]["text"] for block in body["blocks"]) for body in bodies]

    def active(self) -> set[str]:
        """The pipelines whose DAGs aren't stale."""
        rows = self._query("SELECT dag_id FROM dag WHERE NOT is_stale AND NOT has_import_errors")
        return {dag_id.removesuffix("_data_pipeline") for (dag_id,) in rows}

    def mended(self) -> set[str]:
        """The specs that operators have heard to be mended."""
        found = [re.search(r"gone\*: (.*)", text) for text in self.delivered() if "mended" in text]
        return {name for match in found if match for name in match[1].split(", ")}

    def page(self, name: str) -> tuple[str, str]:
        """Where the page of a pipeline's DAG looks for an import error, and when it was parsed last."""
        rows = self._query("SELECT dag_id, relative_fileloc, last_parsed_time FROM dag")
        pages = {dag_id: (file, parsed) for dag_id, file, parsed in rows}
        return pages[f"{name}_data_pipeline"]

    def import_errors(self) -> dict[str, str]:
        """The text of each file's import error."""
        return dict(self._query("SELECT filename, stacktrace FROM import_error"))

    def write(self, name: str, text: str) -> None:
        (self.configs / f"{name}.yaml").write_text(text, encoding="utf-8")

    def wait_for(self, look: Callable[[], object], expected: object) -> None:
        deadline = time.monotonic() + SECONDS_TO_NOTICE
        while (seen := look()) != expected:
            if time.monotonic() > deadline:
                log = self.log.read_text(encoding="utf-8", errors="replace")[-5000:]
                pytest.fail(f"expected {expected}\nseen {seen}\n{log}")
            time.sleep(0.2)

    def _query(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator({}, SimulatedClock(lambda: datetime.now(UTC))) as running:
        yield running


@pytest.fixture
def processor(tmp_path: Path, simulator: Simulator, migrated_airflow: Path) -> Iterator[Processor]:
    running = Processor(tmp_path / "dag_configs", tmp_path / "airflow.db", tmp_path / "log", simulator)
    running.configs.mkdir()
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "ops_alerts.py").write_text(PLUGIN)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(tmp_path / "plugins"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{running.database}",
        # What shows within a minute shows since the bundle saw it.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "3600",
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([BUNDLE]),
        "DAG_CONFIGS_DIR": str(running.configs),
        "DATA_DIR": str(tmp_path / "data"),
        "OPS_SLACK_WEBHOOK_URL": simulator.slack_webhook_url,
        "PYTHONPATH": str(PROJECT),
    }
    shutil.copyfile(migrated_airflow, running.database)
    for name in GOOD:
        running.write(name, SPEC)
    for name, mistake in BROKEN.items():
        running.write(name, SPEC + mistake)
    with (
        running.log.open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "airflow", "dag-processor"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield running
        finally:
            # The process parses in children of its own.
            os.killpg(process.pid, signal.SIGKILL)


def test_broken_specs_take_no_other_pipeline_away(processor: Processor) -> None:
    processor.wait_for(processor.active, {*GOOD})
    processor.wait_for(lambda: {*processor.import_errors()}, {"invalid_specs.py"})
    text = processor.import_errors()["invalid_specs.py"]
    for place in PLACES:
        assert text.count(place) == 1
    assert not any(name in text for name in GOOD)
    assert processor.active() == {*GOOD}
    processor.wait_for(lambda: len(processor.delivered()), 1)
    (delivered,) = processor.delivered()
    assert delivered.startswith(":wrench: ops · broken-a, broken-b, broken-c · invalid specs\n")
    assert all(delivered.count(place) == 1 for place in PLACES)

    # A mistake that moves to another line is the same one; another mistake isn't.
    processor.write("broken-a", f"# a line\n{SPEC}{BROKEN['broken-a']}")
    processor.write("broken-d", SPEC + "retries: many\n")
    processor.wait_for(lambda: len(processor.delivered()), 2)
    assert "ops · broken-d · an invalid spec\n" in processor.delivered()[-1]
    assert "broken-d.yaml:4:1: retries" in processor.delivered()[-1]
    (processor.configs / "broken-d.yaml").unlink()

    for name in BROKEN:
        processor.write(name, SPEC)
    processor.wait_for(processor.import_errors, {})
    processor.wait_for(processor.active, {*GOOD, *BROKEN})
    processor.wait_for(processor.mended, {*BROKEN, "broken-d"})

    (processor.configs / "good-00.yaml").unlink()
    processor.wait_for(processor.active, {*GOOD[1:], *BROKEN})
    assert processor.import_errors() == {}
    assert "/services/T00000000" not in processor.log.read_text(encoding="utf-8", errors="replace")


def test_a_changed_spec_is_parsed_alone_and_its_page_says_what_is_wrong(processor: Processor) -> None:
    processor.wait_for(processor.active, {*GOOD})
    parsed_before = processor.page("good-01")

    processor.write("good-00", SPEC + "windows: 24h\n")
    processor.wait_for(processor.active, {*GOOD[1:]})
    assert processor.page("good-00")[0] == "invalid_specs.py"
    processor.wait_for(lambda: str(processor.import_errors()).count("good-00.yaml:4:1: "), 1)
    processor.wait_for(lambda: str(processor.delivered()).count("ops · good-00 · an invalid spec"), 1)

    processor.write("good-00", SPEC + "windows: [24h]\n")
    processor.wait_for(processor.active, {*GOOD})
    assert processor.page("good-00")[0] == "coin_pipelines.py"
    processor.wait_for(processor.mended, {"good-00"})
    assert processor.page("good-01") == parsed_before

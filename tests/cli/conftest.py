import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline_lib.cli.main import main
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
SPEC = 'spec_version: 1\ncoin: bitcoin\nschedule: "@hourly"\n'

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy that the environment names can't reach the simulator.
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    """Bitcoin falls by a tenth in the last hour before 14:00."""
    path = tmp_path / "prices.csv"
    hours = [MOMENT + timedelta(hours=hour) for hour in range(-24, 0)]
    rows = [f"{hour:%Y-%m-%dT%H:%M:%SZ},10000.00" for hour in hours]
    path.write_text("\n".join(["timestamp,close_usd", *rows, "2018-02-05T14:00:00Z,9000.00", ""]), "utf-8")
    clock = SimulatedClock(lambda: MOMENT)
    clock.set(MOMENT)
    with Simulator({"bitcoin": CsvSeries(path)}, clock) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the spec of bitcoin, to which the environment adds nothing."""
    folder = tmp_path / "project"
    (folder / "dag_configs").mkdir(parents=True)
    (folder / "dag_configs" / "bitcoin.yaml").write_text(SPEC, encoding="utf-8")
    foreign = ("AWS_", "COINGECKO_", "S3_", "SLACK_", "DATA_", "DAG_", "BITCOIN_")
    for variable in [name for name in os.environ if name.startswith(foreign)]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def market(project: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:  # noqa: ARG001
    """The simulator, as the market and the Slack of the project."""
    monkeypatch.setenv("COINGECKO_BASE_URL", simulator.base_url)
    monkeypatch.setenv("SLACK_WEBHOOK_URL", simulator.slack_webhook_url)
    return simulator


@pytest.fixture
def command() -> Command:
    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return command


@pytest.fixture
def git(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The git program in the project's folder, whatever the machine's own settings are."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=A Tester", "-c", "user.email=tester@example.invalid"]
        done = subprocess.run(
            ["git", "-C", str(project), *who, *arguments],  # noqa: S607 (git lies where the system has it)
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    return git


@pytest.fixture
def repository(project: Path, git: Callable[..., str]) -> Path:
    """The project, committed once on the branch main."""
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "first")
    return project

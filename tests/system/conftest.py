import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
import requests
from airflow import settings
from filelock import FileLock

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.server import Simulator
from tests.fixtures.folders import memory_folder
from tests.system.world import BUCKET, World


@pytest.fixture(scope="session")
def migrated_airflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's database, migrated, that others are copied from; all processes of a test run make one."""
    own = tmp_path_factory.getbasetemp()
    path = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "airflow.db"
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            made = own / "migrating.db"
            subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                check=True,
                capture_output=True,
                env={**os.environ, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{made}"},
            )
            made.rename(path)
    return path


@pytest.fixture(scope="session")
def airflow_database(migrated_airflow: Path) -> None:
    """A migrated database for the Airflow of this process."""
    if settings.engine is not None:
        settings.engine.dispose()
    home = Path(os.environ["AIRFLOW_HOME"])
    # What an earlier test had Airflow write ahead would hide the tables of the copy.
    for left in home.glob("airflow.db*"):
        left.unlink()
    shutil.copyfile(migrated_airflow, home / "airflow.db")


@pytest.fixture
def world(
    s3_url: str,
    aws_environment: None,  # noqa: ARG001 - sets the scene
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    clock = SimulatedClock(lambda: datetime.now(UTC))
    series = {coin: GeneratedSeries(coin, 0) for coin in ("bitcoin", "ethereum")}
    with Simulator(series, clock) as simulator, memory_folder("coin-pipelines-system-") as folder:
        monkeypatch.setenv("DATA_DIR", str(folder / "data"))
        monkeypatch.setenv("COINGECKO_BASE_URL", simulator.base_url)
        monkeypatch.setenv("COINGECKO_CALLS_PER_MINUTE", "100000")
        monkeypatch.setenv("SLACK_WEBHOOK_URL", simulator.slack_webhook_url)
        yield World(simulator, s3, folder / "data")
    requests.post(f"{s3_url}/moto-api/reset", timeout=10).raise_for_status()

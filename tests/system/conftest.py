import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
import requests

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.server import Simulator
from tests.system.world import BUCKET, World


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """A migrated database for the Airflow of this process."""
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        check=True,
        capture_output=True,
        env={**os.environ},
    )


@pytest.fixture
def world(
    s3_url: str,
    aws_environment: None,  # noqa: ARG001 - sets the scene
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    clock = SimulatedClock(lambda: datetime.now(UTC))
    series = {coin: GeneratedSeries(coin, 0) for coin in ("bitcoin", "ethereum")}
    with Simulator(series, clock) as simulator:
        monkeypatch.setenv("COINGECKO_BASE_URL", simulator.base_url)
        monkeypatch.setenv("COINGECKO_CALLS_PER_MINUTE", "100000")
        monkeypatch.setenv("SLACK_WEBHOOK_URL", simulator.slack_webhook_url)
        yield World(simulator, s3, tmp_path / "data")
    requests.post(f"{s3_url}/moto-api/reset", timeout=10).raise_for_status()

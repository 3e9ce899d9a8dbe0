import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.generator import GeneratedSeries
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


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def world(s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    clock = SimulatedClock(lambda: datetime.now(UTC))
    series = {coin: GeneratedSeries(coin, 0) for coin in ("bitcoin", "ethereum")}
    with Simulator(series, clock) as simulator:
        monkeypatch.setenv("COINGECKO_BASE_URL", simulator.base_url)
        monkeypatch.setenv("SLACK_WEBHOOK_URL", simulator.slack_webhook_url)
        yield World(simulator, s3, tmp_path / "data")
    requests.post(f"{s3_endpoint}/moto-api/reset", timeout=10).raise_for_status()

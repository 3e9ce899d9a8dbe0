"""The demo's offline world: a simulated market and Slack, and an S3 endpoint on this machine."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3  # noqa: TID253 (no DAG file imports this)
from moto.server import ThreadedMotoServer

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.server import Simulator

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = "coin-pipelines-demo"
_SEED = 0
_SEARCHED_FROM = datetime(2025, 1, 1, tzinfo=UTC)
_SEARCHED_TO = datetime(2026, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SimulatedWorld:
    """What stands in for the internet.

    Attributes:
        simulator: CoinGecko and Slack.
        s3: A client of the local S3 endpoint.
        environment: The variables that lead pipelines here.
        crash: The hour in which bitcoin falls most.
    """

    simulator: Simulator
    s3: "S3Client"
    environment: Mapping[str, str]
    crash: datetime


@contextmanager
def simulated_world(data_dir: Path) -> Iterator[SimulatedWorld]:
    """Start everything on free ports; ``data_dir`` is where pipelines write."""
    series = {coin: GeneratedSeries(coin, _SEED) for coin in ("bitcoin", "ethereum")}
    clock = SimulatedClock(lambda: datetime.now(UTC))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    s3_server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3_server.start()
    try:
        host, port = s3_server.get_host_and_port()
        environment = {
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "S3_BUCKET": BUCKET,
            "DATA_DIR": str(data_dir),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        os.environ.update(environment)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        with Simulator(series, clock) as simulator:
            environment["COINGECKO_BASE_URL"] = simulator.base_url
            # A week of hours is replayed in a moment, and the simulated market has no limit.
            environment["COINGECKO_CALLS_PER_MINUTE"] = "100000"
            environment["SLACK_WEBHOOK_URL"] = simulator.slack_webhook_url
            os.environ.update(environment)
            yield SimulatedWorld(simulator, s3, environment, _steepest_fall(series["bitcoin"]))
    finally:
        s3_server.stop()


def _steepest_fall(series: GeneratedSeries) -> datetime:
    quotes = series.between(_SEARCHED_FROM, _SEARCHED_TO)
    steepest = min(range(1, len(quotes)), key=lambda index: quotes[index].price / quotes[index - 1].price)
    return quotes[steepest].time

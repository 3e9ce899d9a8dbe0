"""The demo's offline world: a simulated market and Slack, and an S3 endpoint on this machine."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.simulated_s3 import simulated_s3
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generated_market import GeneratedMarket
from pipeline_lib.simulator.market.generator import SERIES_START, GeneratedSeries
from pipeline_lib.simulator.server import Simulator

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = "coin-pipelines-demo"
_SEED = 0
_CRASHING_COIN = "bitcoin"
_SEARCHED_FROM = datetime(2025, 1, 1, tzinfo=UTC)
_SEARCHED_TO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SimulatedWorld:
    """What stands in for the internet.

    Attributes:
        simulator: CoinGecko and Slack.
        s3: A client of the local S3 endpoint.
        environment: The variables that lead pipelines here.
    """

    simulator: Simulator
    s3: "S3Client"
    environment: Mapping[str, str]

    @property
    def s3_url(self) -> str:
        """The local S3 endpoint."""
        return self.environment["AWS_ENDPOINT_URL"]


@contextmanager
def simulated_world(data_dir: Path, crash: datetime) -> Iterator[SimulatedWorld]:
    """Start everything on free ports.

    Args:
        data_dir: Where pipelines write.
        crash: The hour (UTC) in which bitcoin is to fall by more than in any other.
    """
    market = GeneratedMarket(_SEED, crash - _time_to_crash())
    clock = SimulatedClock(lambda: datetime.now(UTC))
    with simulated_s3(BUCKET) as s3, Simulator(market, clock) as simulator:
        environment = {
            **s3.environment,
            "DATA_DIR": str(data_dir),
            "COINGECKO_BASE_URL": simulator.base_url,
            # A week of hours is replayed in a moment, and the simulated market has no limit.
            "COINGECKO_CALLS_PER_MINUTE": "100000",
            "SLACK_WEBHOOK_URL": simulator.slack_webhook_url,
        }
        os.environ.update(environment)
        yield SimulatedWorld(simulator, s3.client, environment)


def _time_to_crash() -> timedelta:
    """From the start of a made-up market to its steepest fall."""
    quotes = GeneratedSeries(_CRASHING_COIN, _SEED).between(_SEARCHED_FROM, _SEARCHED_TO)
    _, crash = min((after.price / before.price, after.time) for before, after in pairwise(quotes))
    return crash - SERIES_START

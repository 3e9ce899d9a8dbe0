"""What stands in for CoinGecko, Slack and S3, in a process of this benchmark's own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.scale.listed_market import ListedMarket
from local_stack.simulated_s3 import simulated_s3
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.server import Simulator

_BUCKET = "coin-pipelines-benchmark"
# CoinGecko's smallest paid plan that fits: 10,000 coins an hour are 40 calls at once and 29,200 a month.
PLAN = {"COINGECKO_CALLS_PER_MINUTE": "500", "COINGECKO_CALLS_PER_MONTH": "500000"}


@dataclass(frozen=True)
class World:
    """The outer world.

    Attributes:
        simulator: CoinGecko and Slack.
        environment: The variables that lead pipelines here.
    """

    simulator: Simulator
    environment: Mapping[str, str]

    def requests(self) -> int:
        """How many CoinGecko received."""
        return len(self.simulator.requests)


@contextmanager
def offline_world(coins: int, *, uploads: bool) -> Iterator[World]:
    """Start it on free ports.

    Args:
        coins: How many are in the list by market capitalisation.
        uploads: Whether there is an S3.
    """
    simulator = Simulator(ListedMarket(coins), SimulatedClock(lambda: datetime.now(UTC)))
    with simulator, _s3(uploads=uploads) as of_s3:
        yield World(
            simulator,
            {
                **PLAN,
                **of_s3,
                "COINGECKO_BASE_URL": simulator.base_url,
                "SLACK_WEBHOOK_URL": simulator.slack_webhook_url,
                "NO_PROXY": "127.0.0.1,localhost",
                "no_proxy": "127.0.0.1,localhost",
            },
        )


@contextmanager
def _s3(*, uploads: bool) -> Iterator[Mapping[str, str]]:
    if not uploads:
        yield {}
        return
    with simulated_s3(_BUCKET) as s3:
        yield s3.environment

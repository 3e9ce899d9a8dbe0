"""Runs of a pipeline after their moment has passed."""

from datetime import datetime, timedelta

from pipeline_lib import steps
from pipeline_lib.model.outcome import Outcome
from pipeline_lib.steps import Run
from tests.steps.world import CRASH, World

LATE = CRASH + timedelta(hours=30)
CHART = "/coins/bitcoin/market_chart/range"
MARKETS = "/coins/markets"


def fetch(world: World, moment: datetime, *, is_backfill: bool = False) -> Outcome:
    """Run the first step, whatever the market's clock says."""
    return steps.fetch_and_save_price(world.spec, Run(moment, is_backfill=is_backfill), world.services)


def paths(world: World) -> list[str]:
    """What the market was asked for."""
    return [request.path for request in world.simulator.requests]

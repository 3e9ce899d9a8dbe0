import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_lib.settings import Settings
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.steps import Services
from tests.steps.many.world import COINS, LISTED, START, ManyCoins


@pytest.fixture
def many(tmp_path: Path, migrated_sqlite: Path) -> Iterator[ManyCoins]:
    """Five coins of a market of ten; nothing has run yet."""
    database = tmp_path / "coin_pipelines.db"
    shutil.copyfile(migrated_sqlite, database)
    market = {coin: GeneratedSeries(coin, seed=0) for coin in LISTED}
    with Simulator(market, SimulatedClock(lambda: START)) as simulator:
        settings = Settings.from_environment(
            {
                "DATABASE_URL": f"sqlite:///{database}",
                "COINGECKO_BASE_URL": simulator.base_url,
                "COINGECKO_CALLS_PER_MINUTE": "10000",
                "SLACK_WEBHOOK_URL": simulator.slack_webhook_url,
                "ALERT_GROUPING_SECONDS": "0",
            },
            project_folder=tmp_path,
        )
        services = replace(Services.from_settings(settings), now=simulator.clock.now)
        with closing(services.database):
            world = ManyCoins(tmp_path, services, simulator)
            world.write(f"[{', '.join(COINS)}]")
            yield world

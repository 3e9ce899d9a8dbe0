import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.publishing.s3.objects import Bucket, S3Account
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import (
    AlertPolicy,
    OneCoin,
    PipelineSpec,
    QualityLimits,
    S3Target,
    Schedule,
    Thresholds,
    Window,
)
from pipeline_lib.steps import Services
from tests.steps.live_market import COINS, HOUR, LiveMarket
from tests.steps.past_world import LATE
from tests.steps.world import ASKED_AT, CRASH, START, World

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def series(tmp_path_factory: pytest.TempPathFactory) -> CsvSeries:
    path = tmp_path_factory.mktemp("prices") / "bitcoin.csv"
    lines = ["timestamp,close_usd,volume_usd"]
    for hour in range(100):
        moment = START + timedelta(hours=hour)
        price = (8000 if moment < CRASH else 7200) + hour % 3
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%SZ},{price}.50,{1000 + hour}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return CsvSeries(path)


@pytest.fixture
def simulator(series: CsvSeries) -> Iterator[Simulator]:
    with Simulator({"bitcoin": series}, SimulatedClock(lambda: ASKED_AT)) as running:
        yield running


@pytest.fixture
def world(
    simulator: Simulator,
    s3_url: str,
    s3_client: "S3Client",
    s3_bucket: str,
    aws_environment: None,  # noqa: ARG001 - sets the scene
    tmp_path: Path,
    migrated_sqlite: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    bucket = Bucket(s3_client, s3_bucket)
    # A copy of a migrated file: a migration for each test would take longer than the test.
    shutil.copyfile(migrated_sqlite, tmp_path / "coin_pipelines.db")
    settings = Settings.from_environment(
        {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'coin_pipelines.db'}",
            "DATA_DIR": str(tmp_path / "data"),
            "COINGECKO_BASE_URL": simulator.base_url,
            "COINGECKO_CALLS_PER_MINUTE": "10000",
            "SLACK_WEBHOOK_URL": simulator.slack_webhook_url,
        },
        project_folder=tmp_path,
    )
    spec = PipelineSpec(
        name="btc",
        coins=OneCoin("bitcoin"),
        vs_currency="usd",
        description="Bitcoin in US dollars",
        schedule=Schedule("@hourly"),
        start_date=START,
        catchup=False,
        owner="tests",
        tags=(),
        retries=0,
        retry_delay=timedelta(seconds=1),
        timeout=timedelta(minutes=5),
        windows=(Window("24h", timedelta(hours=24)),),
        thresholds=Thresholds(move_1h_percent=Decimal(3), move_24h_percent=Decimal(8)),
        alerts=AlertPolicy(
            connection=None,
            webhook_variable=None,
            on_backfill=False,
            cooldown=None,
            clear_level=Decimal("0.7"),
            z_score=None,
            robust_z_score=None,
        ),
        quality=QualityLimits(max_age=timedelta(minutes=10), max_jump_percent=Decimal(50)),
        s3=S3Target(bucket=bucket.name, prefix="crypto/btc"),
        effective={},
    )
    with closing(PreparedDatabase(settings.database_url)) as database:
        services = Services(
            settings,
            database,
            lambda: settings.slack_webhook_url,
            S3Account.from_environment,
            lambda: ASKED_AT,
        )
        yield World(spec, services, simulator, bucket, tmp_path / "data")


@pytest.fixture
def past(world: World) -> World:
    """The world 30 hours after the crash, by the market's clock and by the real one."""
    world.simulator.clock.set(LATE)
    return replace(world, services=replace(world.services, now=world.simulator.clock.now))


@pytest.fixture(scope="session")
def generated_series() -> dict[str, GeneratedSeries]:
    return {coin: GeneratedSeries(coin, 0) for coin in COINS}


@pytest.fixture
def shared_database(sqlite_address: Secret) -> Secret:
    """What pipelines of the live market share; a module may put another one in its place."""
    return sqlite_address


@pytest.fixture
def market(
    generated_series: dict[str, GeneratedSeries], tmp_path: Path, shared_database: Secret
) -> Iterator[LiveMarket]:
    """Hourly pipelines of all coins, five seconds after the hour."""
    with Simulator(generated_series, SimulatedClock(lambda: HOUR)) as simulator:
        made = LiveMarket(tmp_path, simulator, shared_database)
        made.at(HOUR + timedelta(seconds=5))
        for coin in COINS:
            made.write(coin, coin)
        yield made

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator
from tests.crashes.databases import PostgresqlDatabase, SceneDatabase, SqliteDatabase
from tests.crashes.scene import Scene
from tests.fixtures.folders import memory_folder
from tests.steps.world import ASKED_AT, CRASH, START

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@pytest.fixture
def scene(
    s3_client: "S3Client",
    s3_bucket: str,
    aws_environment: None,  # noqa: ARG001 - sets the scene
) -> Iterator[Scene]:
    """A pipeline on SQLite that has not run yet; the price falls by a tenth at ``CRASH``."""
    with memory_folder("coin-pipelines-crashes-") as folder:
        yield from _scene(folder, s3_client, s3_bucket, SqliteDatabase(folder / "database"))


@pytest.fixture
def postgresql_scene(
    s3_client: "S3Client",
    s3_bucket: str,
    postgresql_server: str,
    postgresql_address: Secret,
    aws_environment: None,  # noqa: ARG001 - sets the scene
) -> Iterator[Scene]:
    """The same on PostgreSQL."""
    name = postgresql_address.reveal().partition("?")[0].rpartition("/")[2]
    with memory_folder("coin-pipelines-crashes-") as folder:
        yield from _scene(folder, s3_client, s3_bucket, PostgresqlDatabase(postgresql_server, name))


def _scene(folder: Path, client: "S3Client", bucket: str, database: SceneDatabase) -> Iterator[Scene]:
    prices = folder / "bitcoin.csv"
    hours = [START + timedelta(hours=hour) for hour in range(100)]
    rows = [f"{hour:%Y-%m-%dT%H:%M:%SZ},{8000 if hour < CRASH else 7200}.50" for hour in hours]
    prices.write_text("\n".join(["timestamp,close_usd", *rows, ""]), encoding="utf-8")
    with Simulator({"bitcoin": CsvSeries(prices)}, SimulatedClock(lambda: ASKED_AT)) as simulator:
        scene = Scene(folder / "project", simulator, client, bucket, database)
        yield scene
        scene.close()

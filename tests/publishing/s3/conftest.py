from collections.abc import Iterator
from contextlib import closing

import boto3
import pytest
from botocore.config import Config

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.publishing.s3 import Destination, Source
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.specs.layout import Layout
from tests.publishing.s3.published_pipeline import SPEC, START, Pipeline
from tests.publishing.s3.told_server import ATTEMPTS, ToldServer, told_server


def _pipeline(database: Database, layout: Layout, bucket: Bucket) -> Pipeline:
    source = Source(SPEC, layout, database, lambda: START)
    return Pipeline(source, Destination(bucket, "crypto/bitcoin", "bitcoin"))


@pytest.fixture
def pipeline(sqlite_address: Secret, layout: Layout, bucket: Bucket) -> Iterator[Pipeline]:
    """A pipeline without rows."""
    with closing(Database(sqlite_address)) as database:
        yield _pipeline(database, layout, bucket)


@pytest.fixture
def pipeline_on_each(database: Database, layout: Layout, bucket: Bucket) -> Pipeline:
    """A pipeline without rows, on each kind of database."""
    return _pipeline(database, layout, bucket)


@pytest.fixture
def server() -> Iterator[ToldServer]:
    with told_server() as running:
        yield running


@pytest.fixture
def told_bucket(aws_environment: None, server: ToldServer) -> Bucket:  # noqa: ARG001 - sets the scene
    """A bucket of the server that answers as it is told."""
    # boto3's own retries, which wait for seconds, are left out: what remains is ours.
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    policy = RetryPolicy(attempts=ATTEMPTS, first_wait=0)
    return Bucket(client, "prices", policy, secrets=(Secret("a-token-of-the-session"),))

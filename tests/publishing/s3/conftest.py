from collections.abc import Iterator
from contextlib import closing

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.publishing.s3 import Destination, Source
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.specs.layout import Layout
from tests.publishing.s3.published_pipeline import SPEC, START, Pipeline


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

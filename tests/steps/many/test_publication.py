"""Several coins on S3: two raw objects and one processed partition a run."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline_lib import steps
from pipeline_lib.model.outcome import Done
from pipeline_lib.publishing.s3.objects import S3Account
from pipeline_lib.steps import Run
from pipeline_lib.steps.verify import verify
from tests.steps.many.world import COINS, HOUR, START, ManyCoins

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@pytest.fixture
def published(
    many: ManyCoins,
    s3_url: str,
    s3_bucket: str,
    aws_environment: None,  # noqa: ARG001 - sets the scene
    monkeypatch: pytest.MonkeyPatch,
) -> ManyCoins:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    many.write(f"[{', '.join(COINS)}]", f"s3: {{bucket: {s3_bucket}, prefix: crypto/majors}}")
    return replace(many, services=replace(many.services, open_s3_account=S3Account.from_environment))


def _upload(world: ManyCoins, hour: int) -> None:
    run = Run(START + hour * HOUR)
    for step in (steps.upload_raw_to_s3, steps.upload_processed_csv_to_s3):
        assert isinstance(step(world.spec, run, world.services), Done)


def test_a_run_publishes_its_snapshot_and_the_partition_of_its_day(
    published: ManyCoins, s3_client: "S3Client", s3_bucket: str
) -> None:
    for hour in (0, 1):
        published.run(hour)
        _upload(published, hour)
    listed = s3_client.list_objects_v2(Bucket=s3_bucket).get("Contents", [])
    day = "crypto/majors/processed/date=2025-03-31/majors_processed.csv"
    assert [each["Key"].removeprefix("crypto/majors/raw/date=2025-03-31/") for each in listed] == [
        day,
        "hour=20/20250331T200000Z.csv",
        "hour=20/20250331T200000Z.json",
        "hour=21/20250331T210000Z.csv",
        "hour=21/20250331T210000Z.json",
    ]
    content = s3_client.get_object(Bucket=s3_bucket, Key=day)["Body"].read()
    assert content == (published.data / "majors_processed/2025-03.csv").read_bytes()
    assert verify(published.spec, published.services).differences == ()

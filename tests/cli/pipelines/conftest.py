from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def with_s3(project: Path) -> None:
    """The spec of bitcoin publishes below crypto/bitcoin."""
    with (project / "dag_configs" / "bitcoin.yaml").open("a", encoding="utf-8") as spec:
        spec.write("s3: {bucket: my-bucket, prefix: crypto/bitcoin}\n")


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], dict[str, bytes]]]:
    """What lies in my-bucket, by key."""
    import boto3  # noqa: PLC0415 (slow, and few tests need it)
    from moto import mock_aws  # noqa: PLC0415 (as above)

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        client = boto3.client("s3")
        client.create_bucket(Bucket="my-bucket")

        def objects() -> dict[str, bytes]:
            listed = client.list_objects_v2(Bucket="my-bucket").get("Contents", [])
            return {
                item["Key"]: client.get_object(Bucket="my-bucket", Key=item["Key"])["Body"].read()
                for item in listed
            }

        yield objects

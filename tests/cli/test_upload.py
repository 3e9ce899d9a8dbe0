from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from click.testing import Result
from moto import mock_aws

Command = Callable[..., Result]

RUN = ("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")
PREFIX = "crypto/bitcoin"


@pytest.fixture
def with_s3(project: Path) -> None:
    with (project / "dag_configs" / "bitcoin.yaml").open("a", encoding="utf-8") as spec:
        spec.write(f"s3: {{bucket: my-bucket, prefix: {PREFIX}}}\n")


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], dict[str, bytes]]]:
    """What lies in my-bucket, by key."""
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


@pytest.mark.usefixtures("market", "with_s3")
def test_the_processed_table_is_published_again(
    project: Path, command: Command, objects: Callable[[], dict[str, bytes]]
) -> None:
    assert command(*RUN).exit_code == 0
    before = objects()
    processed = [key for key in before if "processed" in key]
    assert len(processed) == 2
    client = boto3.client("s3")
    for key in processed:
        client.delete_object(Bucket="my-bucket", Key=key)
    result = command("upload", "bitcoin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"the day's partition and s3://my-bucket/{PREFIX}/")
    assert objects() == before
    table = (project / "data" / "bitcoin_processed.csv").read_bytes()
    assert [before[key] for key in processed] == [table, table]


@pytest.mark.usefixtures("market", "with_s3", "objects")
def test_a_day_that_the_table_lacks_is_told(command: Command) -> None:
    command(*RUN)
    result = command("upload", "bitcoin", "--at", "2018-02-06T00:00:00Z")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no row of 2018-02-06 (run the compute step first)" in result.stderr


@pytest.mark.usefixtures("market", "with_s3")
def test_without_a_table_there_is_nothing_to_publish(command: Command) -> None:
    result = command("upload", "bitcoin")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no row with a moment (run the compute step first)" in result.stderr


@pytest.mark.usefixtures("market")
def test_an_upload_that_cant_happen_is_a_failure(command: Command) -> None:
    command(*RUN)
    result = command("upload", "bitcoin")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: nothing was uploaded: the spec has no s3 section\n"


@pytest.mark.usefixtures("market", "with_s3")
def test_an_upload_without_credentials_is_a_failure(command: Command) -> None:
    command(*RUN)
    result = command("upload", "bitcoin")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: nothing was uploaded: no AWS credentials were found\n"


@pytest.mark.usefixtures("project")
def test_a_moment_that_is_none_is_misuse(command: Command) -> None:
    assert command("upload", "bitcoin", "--at", "noon").exit_code == 2


@pytest.mark.usefixtures("project")
def test_an_unknown_pipeline_is_told(command: Command) -> None:
    result = command("upload", "ethereum")
    assert result.exit_code == 1
    assert "no spec for pipeline 'ethereum'" in result.stderr

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from click.testing import Result

from pipeline_lib.simulator.server import Simulator

Command = Callable[..., Result]

RUN = ("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")
PREFIX = "crypto/bitcoin"


def _run(command: Command, market: Simulator, hour: int) -> None:
    market.clock.set(datetime(2018, 2, 5, hour, tzinfo=UTC))
    assert command("run", "bitcoin", "--at", f"2018-02-05T{hour}:00:00Z").exit_code == 0


@pytest.mark.usefixtures("market", "with_s3")
def test_what_s3_has_lost_is_published_again(
    command: Command, objects: Callable[[], dict[str, bytes]]
) -> None:
    assert command(*RUN).exit_code == 0
    before = objects()
    assert len(before) == 5
    client = boto3.client("s3")
    for key in before:
        client.delete_object(Bucket="my-bucket", Key=key)
    result = command("upload", "bitcoin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"s3://my-bucket/{PREFIX}: published 1 missing snapshot, compared 1 day of the processed table\n"
    )
    assert objects() == before


@pytest.mark.usefixtures("with_s3")
def test_many_snapshots_are_published_in_batches(
    command: Command,
    market: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    objects: Callable[[], dict[str, bytes]],
) -> None:
    monkeypatch.setattr("pipeline_lib.steps.upload_missing._BATCH", 2)
    for hour in range(10, 15):
        _run(command, market, hour)
    before = objects()
    client = boto3.client("s3")
    for key in before:
        client.delete_object(Bucket="my-bucket", Key=key)
    assert "published 5 missing snapshots" in command("upload", "bitcoin").stdout
    assert objects() == before


@pytest.mark.usefixtures("with_s3")
def test_a_snapshot_that_cant_be_published_is_a_failure_and_holds_up_no_other(
    project: Path, command: Command, market: Simulator, objects: Callable[[], dict[str, bytes]]
) -> None:
    for hour in (13, 14):
        _run(command, market, hour)
    before = objects()
    client = boto3.client("s3")
    for key in before:
        client.delete_object(Bucket="my-bucket", Key=key)
    (project / "data/archive/bitcoin/20180205T130000Z.json").unlink()
    result = command("upload", "bitcoin")
    assert result.exit_code == 1
    assert "there is no snapshot" in result.stderr
    assert before.keys() - objects().keys() == {key for key in before if "hour=13" in key}


@pytest.mark.usefixtures("market", "with_s3", "objects")
def test_without_observations_there_is_nothing_to_publish(command: Command) -> None:
    result = command("upload", "bitcoin")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nothing was uploaded: the database has no observation of bitcoin\n" in result.stderr


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
def test_an_unknown_pipeline_is_told(command: Command) -> None:
    result = command("upload", "ethereum")
    assert result.exit_code == 1
    assert "no spec for pipeline 'ethereum'" in result.stderr


@pytest.mark.usefixtures("market", "with_s3")
def test_verify_compares_with_s3(command: Command, objects: Callable[[], dict[str, bytes]]) -> None:
    assert command(*RUN).exit_code == 0
    result = command("verify", "bitcoin")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "bitcoin: no differences\n", "")
    key = next(key for key in objects() if key.endswith(".json"))
    boto3.client("s3").delete_object(Bucket="my-bucket", Key=key)
    result = command("verify", "bitcoin")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"bitcoin: s3://my-bucket/{key}: is missing, and ")
    assert result.stdout.endswith("(coin-pipelines upload bitcoin)\nbitcoin: 1 difference\n")


@pytest.mark.usefixtures("market", "with_s3", "objects")
def test_verify_tells_that_s3_could_not_be_compared(command: Command) -> None:
    assert command(*RUN).exit_code == 0
    client = boto3.client("s3")
    for item in client.list_objects_v2(Bucket="my-bucket")["Contents"]:
        client.delete_object(Bucket="my-bucket", Key=item["Key"])
    client.delete_bucket(Bucket="my-bucket")
    result = command("verify", "bitcoin")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"bitcoin: s3://my-bucket/{PREFIX}: can't be compared: ")


@pytest.mark.usefixtures("market", "with_s3", "objects")
def test_settings_that_boto3_refuses_fail_the_uploads_alone(
    command: Command, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:9000")
    result = command(*RUN)
    assert result.exit_code == 1
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [
        "fetch_and_save_price",
        "send_price_alerts",
        "compute_moving_average",
    ]
    failures = result.stderr.splitlines()
    assert [line.partition(":")[0] for line in failures] == ["upload_raw_to_s3", "upload_processed_csv_to_s3"]
    assert all(
        ": failed: S3 can't be used: Invalid endpoint: 127.0.0.1:9000 (check " in line for line in failures
    )
    assert (project / "data" / "bitcoin_processed.csv").read_bytes().count(b"\n") == 2
    verified = command("verify", "bitcoin")
    assert verified.exit_code == 1
    assert verified.stdout.startswith(
        f"bitcoin: s3://my-bucket/{PREFIX}: can't be compared: S3 can't be used: Invalid endpoint: "
    )
    assert verified.stdout.endswith("\nbitcoin: 1 difference\n")

"""Commands on a spec that names Airflow's connections: they use those, or nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from click.testing import Result
from moto import mock_aws

from pipeline_lib.simulator.server import Simulator
from tests.cli.conftest import Command

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SECTIONS = """\
alerts: {connection: team_slack}
s3: {bucket: my-bucket, prefix: crypto/bitcoin, connection: team_s3}
"""
AT = ("--at", "2018-02-05T14:00:00Z")
FROM_TO = ("--from", "2018-02-05T13:00:00Z", "--to", "2018-02-05T14:00:00Z")
UNKNOWN_SLACK = (
    "Error: the connection team_slack isn't known here (create it in Airflow, or set AIRFLOW_CONN_TEAM_SLACK:"
    " a URI, or JSON)\n"
)
UNKNOWN_S3 = UNKNOWN_SLACK.replace("team_slack", "team_s3").replace("TEAM_SLACK", "TEAM_S3")
KEYS = {"conn_type": "aws", "login": "of-the-connection", "password": "made-up", "extra": {}}


@pytest.fixture
def linked(project: Path, market: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A project whose spec names both connections, in an environment with what belongs to others."""
    with (project / "dag_configs" / "bitcoin.yaml").open("a", encoding="utf-8") as spec:
        spec.write(SECTIONS)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-others")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:1/services/T0/B0/of-others")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return market


@pytest.fixture
def store() -> Iterator["S3Client"]:
    """A client of a simulated S3 with my-bucket."""
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="my-bucket")
        yield client


def connect(monkeypatch: pytest.MonkeyPatch, market: Simulator) -> None:
    webhook = {"conn_type": "slackwebhook", "password": market.slack_webhook_url}
    monkeypatch.setenv("AIRFLOW_CONN_TEAM_SLACK", json.dumps(webhook))
    monkeypatch.setenv("AIRFLOW_CONN_TEAM_S3", json.dumps(KEYS))


def refused(result: Result, reason: str) -> None:
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith(reason)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("run", "bitcoin", *AT), UNKNOWN_SLACK),
        (("alerts", "test", "bitcoin"), UNKNOWN_SLACK),
        (("upload", "bitcoin"), UNKNOWN_S3),
        (("backfill", "bitcoin", *FROM_TO), UNKNOWN_S3),
    ],
)
def test_without_its_connection_a_command_is_refused_before_it_does_anything(
    linked: Simulator, command: Command, project: Path, arguments: tuple[str, ...], reason: str
) -> None:
    refused(command(*arguments), reason)
    assert (linked.slack_messages, linked.requests) == ((), ())
    assert not (project / "data").exists()


def test_a_run_is_refused_for_want_of_either(
    linked: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, linked)
    monkeypatch.delenv("AIRFLOW_CONN_TEAM_S3")
    refused(command("run", "bitcoin", *AT), UNKNOWN_S3)
    assert linked.slack_messages == ()


def test_what_the_connections_say_is_used(
    linked: Simulator,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    store: "S3Client",
) -> None:
    connect(monkeypatch, linked)
    result = command("run", "bitcoin", *AT)
    assert result.exit_code == 0, result.output
    assert len(linked.slack_messages) == 1
    assert store.list_objects_v2(Bucket="my-bucket")["KeyCount"] == 5
    assert command("upload", "bitcoin").exit_code == 0
    verified = command("verify", "bitcoin", "--format", "json")
    assert (verified.exit_code, json.loads(verified.stdout)) == (0, [])
    assert command("alerts", "test", "bitcoin").stdout == (
        "sent a test message to the webhook in the connection team_slack\n"
    )
    monkeypatch.delenv("AIRFLOW_CONN_TEAM_S3")
    incomparable = command("verify", "bitcoin")
    assert incomparable.exit_code == 1
    assert "can't be compared: the connection team_s3 isn't known here" in incomparable.stdout


@pytest.mark.parametrize("arguments", [("replay", "bitcoin"), ("list",), ("validate",)])
@pytest.mark.usefixtures("linked")
def test_what_needs_no_connection_asks_for_none(command: Command, arguments: tuple[str, ...]) -> None:
    assert "connection" not in command(*arguments).output


def command_line(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, which hasn't imported Airflow."""
    program = f"import sys\n{before}\nfrom pipeline_lib.cli import main\nsys.argv[0] = 'coin-pipelines'\n"
    program += f"try: main({arguments})\nfinally: print('airflow' in sys.modules, file=sys.stderr)"
    return subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120
    )


def test_without_airflow_the_connection_cannot_be_read(
    linked: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, linked)
    done = command_line("upload", "bitcoin", before="sys.modules['airflow'] = None")
    assert (done.returncode, done.stdout) == (1, "")
    reason = "can't be read without Airflow (pip install 'coin-pipelines[airflow]')"
    assert f"Error: the connection team_s3 {reason}\n" in done.stderr


def test_what_airflow_says_is_no_output_of_the_command(
    linked: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, linked)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:9000")
    done = command_line("verify", "bitcoin", "--format", "json")
    assert [found["place"] for found in json.loads(done.stdout)] == ["s3://my-bucket/crypto/bitcoin"]
    assert done.stderr.endswith("True\n")


@pytest.mark.usefixtures("project")
def test_a_spec_without_connections_imports_no_airflow() -> None:
    done = command_line("verify", "bitcoin")
    assert done.stdout == "bitcoin: there is nothing to verify: archive and database are empty\n"
    assert done.stderr.endswith("False\n")

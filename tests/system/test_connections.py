"""Secrets that live in Airflow connections, which a spec names."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.models.connection import Connection
from airflow.utils.session import create_session
from sqlalchemy import delete

from tests.system.world import World, run_pipeline

pytestmark = pytest.mark.usefixtures("airflow_database")

CRASH = datetime(2025, 6, 11, 4, tzinfo=UTC)
SPEC = """\
spec_version: 1
coin: bitcoin
schedule: "@hourly"
alerts: {connection: team_slack}
s3: {prefix: crypto/linked, connection: team_s3}
"""


@pytest.fixture
def without_credentials(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose Slack and S3 only connections lead to, with one spec that names them."""
    (tmp_path / "linked.yaml").write_text(SPEC)
    monkeypatch.setenv("DAG_CONFIGS_DIR", str(tmp_path))
    variables = ("SLACK_WEBHOOK_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")
    for variable in variables:
        monkeypatch.delenv(variable)
    return world


def connect_slack(monkeypatch: pytest.MonkeyPatch, **fields: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TEAM_SLACK", json.dumps({"conn_type": "slackwebhook", **fields}))


def connect_s3(monkeypatch: pytest.MonkeyPatch, endpoint_url: str) -> None:
    connection = {
        "conn_type": "aws",
        "login": "made-up-key",
        "password": "made-up-secret",
        "extra": {"region_name": "us-east-1", "endpoint_url": endpoint_url},
    }
    monkeypatch.setenv("AIRFLOW_CONN_TEAM_S3", json.dumps(connection))


def run(world: World) -> dict[str, str]:
    world.simulator.clock.set(CRASH)
    return run_pipeline("linked_data_pipeline", CRASH)


def test_webhook_and_credentials_come_from_the_connections(
    without_credentials: World, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, _, token = without_credentials.simulator.slack_webhook_url.rpartition("/")
    connect_slack(monkeypatch, host=host, password=token)
    connect_s3(monkeypatch, s3_url)
    assert set(run(without_credentials).values()) == {"success"}
    assert len(without_credentials.simulator.slack_messages) == 1
    assert "crypto/linked/processed/linked_processed.csv" in without_credentials.objects()


def test_the_whole_webhook_may_be_the_password(
    without_credentials: World, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_slack(monkeypatch, password=without_credentials.simulator.slack_webhook_url)
    connect_s3(monkeypatch, s3_url)
    assert run(without_credentials)["send_price_alerts"] == "success"
    assert len(without_credentials.simulator.slack_messages) == 1


def test_a_webhook_without_https_is_refused_and_not_shown(
    without_credentials: World,
    s3_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    connect_slack(monkeypatch, host="http://hooks.example/services/T0/B0", password="top-secret-token")
    connect_s3(monkeypatch, s3_url)
    states = run(without_credentials)
    assert [task for task, state in states.items() if state != "success"] == ["send_price_alerts"]
    assert states["send_price_alerts"] == "failed"
    shown = "".join(capfd.readouterr()) + caplog.text
    assert "the connection team_slack holds no https address" in shown
    assert "top-secret-token" not in shown


def test_no_log_line_of_a_run_holds_a_secret(
    without_credentials: World,
    s3_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COINGECKO_API_KEY", "CG-made-up-key-of-the-api")
    connect_slack(monkeypatch, password=without_credentials.simulator.slack_webhook_url)
    connect_s3(monkeypatch, s3_url)
    assert set(run(without_credentials).values()) == {"success"}
    shown = "".join(capfd.readouterr())
    assert "CG-made-up-key-of-the-api" not in shown
    assert "/services/T00000000" not in shown
    assert "made-up-secret" not in shown


def test_keys_of_the_environment_are_no_substitute_for_a_connection(
    without_credentials: World, monkeypatch: pytest.MonkeyPatch, s3_url: str
) -> None:
    connect_slack(monkeypatch, password=without_credentials.simulator.slack_webhook_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-others")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-others")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    states = run(without_credentials)
    assert {task for task, state in states.items() if state == "failed"} == {
        "upload_raw_to_s3",
        "upload_processed_csv_to_s3",
    }
    assert without_credentials.objects() == {}


def test_a_connection_of_airflows_database_serves_the_command_line(
    without_credentials: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    webhook = without_credentials.simulator.slack_webhook_url
    with create_session() as session:
        session.add(Connection(conn_id="team_slack", conn_type="slackwebhook", password=webhook))
    monkeypatch.setenv("DAG_CONFIGS_DIR", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pipeline_lib.cli", "alerts", "test", "linked"],
        check=False,
        capture_output=True,
        text=True,
    )
    with create_session() as session:
        session.execute(delete(Connection).where(Connection.conn_id == "team_slack"))
    assert done.stdout == "sent a test message to the webhook in the connection team_slack\n", done.stderr
    assert len(without_credentials.simulator.slack_messages) == 1

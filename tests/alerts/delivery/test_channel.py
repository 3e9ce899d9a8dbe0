"""Which pipelines share a channel, and which of them wait for each other."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.alerts.delivery.channel import channel_name, grouping_seconds
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec, Thresholds
from tests.system.replays import spec_of


@pytest.fixture
def spec() -> PipelineSpec:
    return spec_of(Thresholds(Decimal(3), Decimal(8)))


@pytest.mark.parametrize(
    ("connection", "variable", "name"),
    [
        (None, None, "SLACK_WEBHOOK_URL"),
        (None, "SLACK_MAJORS", "SLACK_MAJORS"),
        ("team_slack", None, "connection-team_slack"),
        (".hidden", None, "connection-.hidden"),
    ],
)
def test_a_channel_is_named_after_the_connection_or_the_variable(
    spec: PipelineSpec, connection: str | None, variable: str | None, name: str
) -> None:
    alerts = replace(spec.alerts, connection=connection, webhook_variable=variable)
    assert channel_name(replace(spec, alerts=alerts)) == name


@pytest.mark.parametrize(
    ("names", "minutes", "seconds"),
    [
        (["btc", "eth"], 0, 7),
        (["btc", "eth"], 15, 7),
        (["btc", "eth"], 16, 0),
        (["btc"], 0, 0),
        ([], 0, 0),
    ],
)
def test_a_run_waits_for_others_unless_it_is_late_or_alone(
    spec: PipelineSpec, tmp_path: Path, names: list[str], minutes: int, seconds: int
) -> None:
    folder = tmp_path / "dag_configs"
    folder.mkdir()
    for name in names:
        (folder / f"{name}.yaml").touch()
    settings = Settings.from_environment({"ALERT_GROUPING_SECONDS": "7"}, project_folder=tmp_path)
    assert grouping_seconds(spec, settings, timedelta(minutes=minutes)) == seconds

"""Connections as specs name them: where they are found, and in which forms."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from airflow.sdk import Connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.airflow.connections import find_connection, with_connections
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import S3SettingsError, SettingsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog
from pipeline_lib.steps import Services

VARIABLE = "AIRFLOW_CONN_TEAM_SLACK"
WEBHOOK = "https://hooks.slack.com/services/T0/B0/a-token-of-slack"
TOKEN = "T0/B0/a-token-of-slack"
SPEC = """\
spec_version: 1
coin: bitcoin
schedule: "@hourly"
alerts: {connection: team_slack}
s3: {bucket: prices, prefix: crypto, connection: team_s3}
"""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    (tmp_path / "bitcoin.yaml").write_text(SPEC, encoding="utf-8")
    spec = Catalog(tmp_path).load("bitcoin")
    environment = {"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/of-others"}
    made = Services.from_settings(Settings.from_environment(environment, project_folder=tmp_path))
    with closing(made.database):
        yield with_connections(made, spec)


@pytest.mark.parametrize(
    "text",
    [
        f"slackwebhook://:{quote(WEBHOOK, safe='')}@",
        f"slackwebhook://:{quote(TOKEN, safe='')}@",
        f"slackwebhook://:{quote(TOKEN, safe='')}@/?timeout=42",
        f"slackwebhook://:{quote(TOKEN, safe='')}@{quote('https://hooks.slack.com/services', safe='')}",
        f"https://:{quote(TOKEN, safe='')}@hooks.slack.com/services",
        json.dumps({"conn_type": "slackwebhook", "password": WEBHOOK}),
        json.dumps({"conn_type": "slackwebhook", "password": TOKEN}),
        json.dumps(
            {"conn_type": "http", "host": "https://hooks.slack.com/services/", "password": f"/{TOKEN}"}
        ),
        json.dumps({"conn_type": "slackwebhook", "host": "hooks.slack.com/services", "password": TOKEN}),
        json.dumps(
            {"conn_type": "x", "host": "hooks.slack.com/services", "schema": "https", "password": TOKEN}
        ),
    ],
)
def test_a_webhook_is_read_in_all_of_airflows_forms(
    services: Services, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert services.find_slack_webhook() == Secret(WEBHOOK)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(token=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=60))
def test_any_token_is_the_same_from_both_forms(services: Services, token: str) -> None:
    connection = Connection(
        conn_id="x", conn_type="slackwebhook", host="https://hooks.example/services", password=token
    )
    found: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        for text in (connection.get_uri(), connection.as_json()):
            patch.setenv(VARIABLE, text)
            try:
                found.append(services.find_slack_webhook())
            except SettingsError as error:
                found.append(str(error))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "text",
    [
        "http://:secret-token@hooks.example/services",
        "postgresql://me:secret-token@database/x",
        "secret-token",
    ],
)
def test_a_connection_that_is_no_webhook_is_refused_and_not_shown(
    services: Services, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(SettingsError, match=r"^the connection team_slack ") as caught:
        services.find_slack_webhook()
    assert "secret-token" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"conn_type": "aws"', "://", "postgresql://me:password@database/x"]
)
def test_nothing_else_goes_in_the_place_of_a_connection(
    services: Services, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    monkeypatch.setenv("AIRFLOW_CONN_TEAM_S3", text)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-others")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-others")
    for find, name in ((services.find_slack_webhook, "team_slack"), (services.open_s3_account, "team_s3")):
        with pytest.raises(SettingsError) as caught:
            find()
        assert str(caught.value).startswith(f"the connection {name} ")


@pytest.mark.parametrize("form", ["uri", "json"])
def test_keys_and_endpoint_of_s3_come_from_the_connection(
    services: Services, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    connection = Connection(
        conn_id="x",
        conn_type="aws",
        login="a-key",
        password="a/secret+key",
        extra=json.dumps({"region_name": "eu-west-3", "endpoint_url": "http://store.internal:9000"}),
    )
    monkeypatch.setenv(
        "AIRFLOW_CONN_TEAM_S3", connection.get_uri() if form == "uri" else connection.as_json()
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-others")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-others")
    bucket = services.open_s3_account().open_bucket("prices", None)
    assert bucket is not None
    # An operator's own store may have no https.
    assert bucket.client.meta.endpoint_url == "http://store.internal:9000"
    assert (bucket.client.meta.region_name, bucket.secrets) == ("eu-west-3", (Secret("a/secret+key"),))


def test_what_is_wrong_in_a_connection_is_blamed_on_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"role_arn": "arn:aws:iam::1:role/x", "assume_role_method": "by_magic"}
    text = json.dumps({"conn_type": "aws", "login": "a", "password": "b", "extra": extra})
    monkeypatch.setenv("AIRFLOW_CONN_TEAM_S3", text)
    with pytest.raises(S3SettingsError) as caught:
        services.open_s3_account().open_bucket("prices", None)
    assert caught.value.hint == "check the connection team_s3"


def test_an_unknown_connection_says_how_to_make_it_known() -> None:
    with pytest.raises(SettingsError) as caught:
        find_connection("no-such.connection")
    assert str(caught.value) == (
        "the connection no-such.connection isn't known here"
        " (create it in Airflow, or set AIRFLOW_CONN_NO-SUCH.CONNECTION: a URI, or JSON)"
    )

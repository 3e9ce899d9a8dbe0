from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import SettingsError
from pipeline_lib.model.call_plan import CallPlan
from pipeline_lib.settings import PUBLIC_BASE_URL, Settings, secrets_of

PROJECT = Path("project")


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment, project_folder=PROJECT)


def test_an_empty_environment_has_defaults() -> None:
    settings = read()
    assert settings.dag_configs_dir == PROJECT / "dag_configs"
    assert settings.data_dir == PROJECT / "data"
    assert dict(settings.paths) == {}
    assert settings.coingecko_base_url == PUBLIC_BASE_URL == "https://api.coingecko.com/api/v3"
    assert settings.coingecko_plan == CallPlan(per_minute=30, per_month=10_000)
    assert settings.coingecko_shared_answer_age == timedelta(seconds=60)
    assert settings.coingecko_quota_url is None
    assert (settings.coingecko_api_key, settings.slack_webhook_url, settings.s3_bucket) == (None, None, None)
    assert (settings.ops_slack_webhook_url, settings.ops_alert_urls) == (None, ())
    assert settings.pipeline_deadline is None


def test_every_variable_is_read_without_the_spaces_around_it() -> None:
    settings = read(
        DAG_CONFIGS_DIR=" specs ",
        DATA_DIR="out\n",
        COINGECKO_BASE_URL=" https://pro-api.coingecko.com/api/v3/ ",
        COINGECKO_API_KEY=" CG-made-up\n",
        COINGECKO_CALLS_PER_MINUTE=" 500 ",
        COINGECKO_CALLS_PER_MONTH="1000000",
        COINGECKO_SHARED_ANSWER_SECONDS=" 0",
        COINGECKO_QUOTA_URL="rediss://user:made-up@redis.example/0 ",
        SLACK_WEBHOOK_URL="https://hooks.slack.com/services/T/B/x ",
        OPS_SLACK_WEBHOOK_URL=" https://hooks.slack.com/services/T/B/y",
        OPS_ALERT_URLS=" mailto://a:b@c.example\n json://d ",
        PIPELINE_DEADLINE_MINUTES=" 45 ",
        S3_BUCKET=" my-bucket ",
    )
    assert (settings.dag_configs_dir, settings.data_dir) == (Path("specs"), Path("out"))
    assert settings.coingecko_base_url == "https://pro-api.coingecko.com/api/v3"
    assert settings.coingecko_api_key == Secret("CG-made-up")
    assert settings.coingecko_plan == CallPlan(per_minute=500, per_month=1_000_000)
    assert settings.coingecko_shared_answer_age == timedelta(0)
    assert settings.coingecko_quota_url == Secret("rediss://user:made-up@redis.example/0")
    assert settings.slack_webhook_url == Secret("https://hooks.slack.com/services/T/B/x")
    assert settings.ops_slack_webhook_url == Secret("https://hooks.slack.com/services/T/B/y")
    assert settings.ops_alert_urls == (Secret("mailto://a:b@c.example"), Secret("json://d"))
    assert settings.pipeline_deadline == timedelta(minutes=45)
    assert settings.s3_bucket == "my-bucket"


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_variable_counts_as_unset(empty: str) -> None:
    names = ("DAG_CONFIGS_DIR", "DATA_DIR", "COINGECKO_BASE_URL", "COINGECKO_API_KEY", "SLACK_WEBHOOK_URL")
    assert read(**dict.fromkeys((*names, "S3_BUCKET", "BITCOIN_RAW_PATH"), empty)) == read()


def test_history_reaches_a_year_back_unless_the_plan_reaches_further() -> None:
    assert (read().history_reach, read().history_tolerance) == (timedelta(days=365), timedelta(minutes=75))
    settings = read(COINGECKO_HISTORY_DAYS="3650", COINGECKO_HISTORY_TOLERANCE_MINUTES="10")
    assert (settings.history_reach, settings.history_tolerance) == (
        timedelta(days=3650),
        timedelta(minutes=10),
    )


@pytest.mark.parametrize(
    ("variable", "most"),
    [("COINGECKO_HISTORY_DAYS", 36_500), ("COINGECKO_HISTORY_TOLERANCE_MINUTES", 1440)],
)
def test_history_has_bounds(variable: str, most: int) -> None:
    read(**{variable: str(most)})
    with pytest.raises(SettingsError) as caught:
        read(**{variable: str(most + 1)})
    assert str(caught.value) == (f"{variable} is {str(most + 1)!r}, not a whole number from 1 to {most:,}")


def test_a_run_makes_ten_calls_for_the_past_unless_the_environment_says_otherwise() -> None:
    assert read().history_calls_per_run == 10
    assert read(COINGECKO_HISTORY_CALLS_PER_RUN="0").history_calls_per_run == 0


@pytest.mark.parametrize("text", ["-1", "1001", "2.5", "none"])
def test_the_calls_for_the_past_are_a_whole_number(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(COINGECKO_HISTORY_CALLS_PER_RUN=text)
    assert str(caught.value) == (
        f"COINGECKO_HISTORY_CALLS_PER_RUN is {text!r}, not a whole number from 0 to 1,000"
    )


@pytest.mark.parametrize("variable", ["COINGECKO_CALLS_PER_MINUTE", "COINGECKO_CALLS_PER_MONTH"])
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "10,000", "1e4", "many", "007", "9" * 13, "٣"])
def test_a_plan_is_a_whole_number_of_calls(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{variable: text})
    assert caught.value.variable == variable
    assert str(caught.value) == f"{variable} is {text!r}, not a whole number from 1 to 999,999,999,999"


@pytest.mark.parametrize("text", ["-1", "1.5", "1m", "100000", "٣"])
def test_the_age_of_a_shared_answer_is_a_number_of_seconds(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(COINGECKO_SHARED_ANSWER_SECONDS=text)
    assert str(caught.value) == (
        f"COINGECKO_SHARED_ANSWER_SECONDS is {text!r}, not a whole number from 0 to 86,400"
    )


@pytest.mark.parametrize("url", ["https://secret@x.example", "redis:secret", "secret", "sqlite:///secret"])
def test_a_quota_that_no_server_counts_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(COINGECKO_QUOTA_URL=url)
    assert str(caught.value) == "COINGECKO_QUOTA_URL starts with none of redis://, rediss://, postgresql://"
    assert "secret" not in f"{vars(caught.value)}"


@pytest.mark.parametrize("text", ["0", "-5", "1.5", "soon", "1000000"])
def test_a_deadline_is_a_whole_number_of_minutes(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(PIPELINE_DEADLINE_MINUTES=text)
    assert str(caught.value) == (
        f"PIPELINE_DEADLINE_MINUTES is {text!r}, not a whole number of minutes, 1 to 999999"
    )


def test_every_secret_is_known_usable_or_not() -> None:
    environment = {
        "COINGECKO_API_KEY": "a key",
        "SLACK_WEBHOOK_URL": "unusable",
        "OPS_ALERT_URLS": "json://x json://y",
        "AWS_SECRET_ACCESS_KEY": "aws",
        "AWS_ACCESS_KEY_ID": "no-secret",
        "S3_BUCKET": "bucket",
    }
    texts = [secret.reveal() for secret in secrets_of(environment)]
    assert texts == ["unusable", "a key", "aws", "json://x", "json://y"]


def test_paths_of_pipelines_are_kept_by_variable() -> None:
    settings = read(
        BITCOIN_RAW_PATH="a.csv",
        BITCOIN_PROCESSED_PATH="b.csv",
        USD_COIN_ARCHIVE_PATH="c",
        PATH="bin",
        RAW="x",
    )
    assert dict(settings.paths) == {
        "BITCOIN_RAW_PATH": Path("a.csv"),
        "BITCOIN_PROCESSED_PATH": Path("b.csv"),
        "USD_COIN_ARCHIVE_PATH": Path("c"),
    }


@pytest.mark.parametrize(
    "url",
    ["https://market.example/api", "http://127.0.0.1:8099/api/v3", "http://localhost/x", "http://[::1]:80/x"],
)
def test_a_safe_address_is_taken(url: str) -> None:
    assert read(COINGECKO_BASE_URL=url).coingecko_base_url == url
    assert read(SLACK_WEBHOOK_URL=url).slack_webhook_url == Secret(url)


@pytest.mark.parametrize("variable", ["COINGECKO_BASE_URL", "SLACK_WEBHOOK_URL", "OPS_SLACK_WEBHOOK_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "http://market.example/secret",
        "http://127.0.0.1.example/secret",
        "http://localhost@market.example/secret",
        "https://secret@market.example",
        "https://user:secret@market.example",
        "ftp://market.example/secret",
        "file:///secret",
        "market.example/secret",
        "https:///secret",
        "https://[::1/secret",
        "https://market.example:port/secret",
        "https://market.example:99999/secret",
        "secret",
    ],
)
def test_an_unsafe_address_is_refused_and_not_repeated(variable: str, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{variable: url})
    assert caught.value.variable == variable
    assert caught.value.message == f"{variable} is not an https address"
    assert "secret" not in f"{caught.value} {vars(caught.value)}"


@pytest.mark.parametrize(
    "url", ["https://x.example/api?x_cg_pro_api_key=secret", "https://x.example/#secret"]
)
def test_a_base_address_with_a_query_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(COINGECKO_BASE_URL=url)
    assert str(caught.value) == "COINGECKO_BASE_URL has a query (put the key into COINGECKO_API_KEY)"


@pytest.mark.parametrize(
    "key", ["secret\nkey", "secret key", "secret\x00key", "secrét", "secret\r\nX-Other: 1"]
)
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(COINGECKO_API_KEY=key)
    assert caught.value.variable == "COINGECKO_API_KEY"
    assert "secr" not in f"{caught.value} {vars(caught.value)}"


def test_settings_show_no_secret() -> None:
    settings = read(COINGECKO_API_KEY="CG-made-up", SLACK_WEBHOOK_URL="https://hooks.example/made-up")
    assert "made-up" not in f"{settings} {settings!r}"


def test_paths_cant_be_changed() -> None:
    with pytest.raises(TypeError):
        read().paths["X_RAW_PATH"] = Path("x")  # type: ignore[index]


@pytest.mark.parametrize(("text", "seconds"), [("", 5), ("0", 0), (" 12 ", 12), ("60", 60)])
def test_alerts_wait_for_each_other_for_as_long_as_is_set(text: str, seconds: int) -> None:
    assert read(ALERT_GROUPING_SECONDS=text).alert_grouping_seconds == seconds


@pytest.mark.parametrize("text", ["-1", "61", "5s", "1.5", "999"])
def test_alerts_never_wait_for_longer_than_a_minute(text: str) -> None:
    with pytest.raises(SettingsError, match=r"ALERT_GROUPING_SECONDS is .*, not a whole number"):
        read(ALERT_GROUPING_SECONDS=text)


@pytest.mark.parametrize(
    ("variables", "kept"),
    [
        ({}, True),
        ({"LOCAL_FILES": " "}, True),
        ({"LOCAL_FILES": "0"}, False),
        ({"DATABASE_URL": "sqlite:////tmp/x.db"}, True),
        ({"DATABASE_URL": "postgresql://db/x"}, False),
        ({"DATABASE_URL": "postgres://db/x", "LOCAL_FILES": "1"}, True),
    ],
)
def test_files_are_kept_beside_sqlite_or_as_is_set(variables: dict[str, str], kept: bool) -> None:  # noqa: FBT001 (a case)
    assert read(**variables).local_files is kept


@pytest.mark.parametrize("text", ["yes", "2", "true", "01"])
def test_files_are_kept_or_not(text: str) -> None:
    with pytest.raises(SettingsError, match=r"LOCAL_FILES is .*, neither 0 nor 1"):
        read(LOCAL_FILES=text)


def test_every_variable_that_may_hold_a_webhook_is_secret() -> None:
    names = ("SLACK_WEBHOOK_URL_MAJORS", "SLACK_WEBHOOK_URL2", "TEAM_HOOK")
    environment = {name: f"https://hooks.example/{name}" for name in names}
    assert set(secrets_of(environment)) == {Secret(environment[name]) for name in names[:2]}
    own = {"WEBHOOK_VARIABLE_PREFIX": " TEAM_ ", **environment}
    assert set(secrets_of(own)) == {Secret(environment["TEAM_HOOK"])}

"""Both upload steps against an S3 server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline_lib import steps
from pipeline_lib.errors import (
    S3ConflictError,
    S3RefusedError,
    S3SettingsError,
    SettingsError,
    SnapshotDamagedError,
    SnapshotMissingError,
    StatisticsMissingError,
)
from pipeline_lib.model.outcome import Done, Skipped
from pipeline_lib.specs import PipelineSpec, S3Target
from pipeline_lib.steps import Run, Step
from tests.steps.world import CRASH, World

BOTH = pytest.mark.parametrize("step", [steps.upload_raw_to_s3, steps.upload_processed_csv_to_s3])
HOUR = "crypto/btc/raw/date=2018-02-05/hour=14/20180205T140000Z"


def _to(target: S3Target | None) -> Callable[[PipelineSpec], PipelineSpec]:
    return lambda spec: replace(spec, s3=target)


@pytest.fixture
def computed(world: World) -> World:
    """A world with the hours around midnight on disk, and the table of them."""
    for hours in (-16, -15, -14, -13, 0):
        world.fetch(CRASH + timedelta(hours=hours))
    steps.compute_moving_average(world.spec, Run(CRASH), world.services)
    return world


def test_the_snapshot_and_the_whole_log_are_published(world: World) -> None:
    world.fetch(CRASH)
    outcome = steps.upload_raw_to_s3(world.spec, Run(CRASH), world.services)
    assert outcome == Done(
        f"published the snapshot and the raw log at s3://{world.bucket.name}/crypto/btc/raw/btc_raw.csv"
    )
    files = world.files()
    assert world.objects() == {
        f"{HOUR}.json": files["archive/btc/20180205T140000Z.json"],
        f"{HOUR}.csv": files["archive/btc/20180205T140000Z.csv"],
        "crypto/btc/raw/btc_raw.csv": files["btc_raw.csv"],
    }


def test_published_objects_say_what_they_are(world: World) -> None:
    world.fetch(CRASH)
    steps.upload_raw_to_s3(world.spec, Run(CRASH), world.services)
    client, name = world.bucket.client, world.bucket.name
    types = {key: client.head_object(Bucket=name, Key=key)["ContentType"] for key in world.objects()}
    assert types == {
        f"{HOUR}.json": "application/json",
        f"{HOUR}.csv": "text/csv; charset=utf-8",
        "crypto/btc/raw/btc_raw.csv": "text/csv; charset=utf-8",
    }


def test_the_days_and_the_whole_table_are_published(computed: World) -> None:
    outcome = steps.upload_processed_csv_to_s3(computed.spec, Run(CRASH), computed.services)
    table_key = "crypto/btc/processed/btc_processed.csv"
    location = f"s3://{computed.bucket.name}/{table_key}"
    assert outcome == Done(
        f"published the day's partition, 1 partition of another day and the processed table at {location}"
    )
    table = computed.files()["btc_processed.csv"]
    header, *rows = table.splitlines(keepends=True)
    days = {
        day: [row for row in rows if row.startswith(day.encode())] for day in ("2018-02-04", "2018-02-05")
    }
    assert [len(day) for day in days.values()] == [2, 3]
    assert computed.objects() == {
        "crypto/btc/processed/date=2018-02-04/btc_processed.csv": header + b"".join(days["2018-02-04"]),
        "crypto/btc/processed/date=2018-02-05/btc_processed.csv": header + b"".join(days["2018-02-05"]),
        table_key: table,
    }


@BOTH
def test_a_second_time_changes_no_byte(computed: World, step: Step) -> None:
    step(computed.spec, Run(CRASH), computed.services)
    before = computed.objects()
    step(computed.spec, Run(CRASH), computed.services)
    assert computed.objects() == before


def test_a_day_grows_with_its_hours(computed: World) -> None:
    steps.upload_processed_csv_to_s3(computed.spec, Run(CRASH), computed.services)
    computed.run_all(CRASH + timedelta(hours=1))
    day = computed.objects()["crypto/btc/processed/date=2018-02-05/btc_processed.csv"]
    assert [line[:13] for line in day.splitlines()[1:]] == [
        b"2018-02-05T00",
        b"2018-02-05T01",
        b"2018-02-05T14",
        b"2018-02-05T15",
    ]


def test_local_csv_files_are_not_read(computed: World) -> None:
    log, table = (computed.data / name for name in ("btc_raw.csv", "btc_processed.csv"))
    log_bytes, table_bytes = log.read_bytes(), table.read_bytes()
    log.write_bytes(log_bytes + b"2018-02-05T15:00:00Z,bitc")
    table.unlink()
    steps.upload_raw_to_s3(computed.spec, Run(CRASH), computed.services)
    steps.upload_processed_csv_to_s3(computed.spec, Run(CRASH), computed.services)
    objects = computed.objects()
    assert objects["crypto/btc/raw/btc_raw.csv"] == log_bytes
    assert objects["crypto/btc/processed/btc_processed.csv"] == table_bytes


def test_a_snapshot_that_differs_from_the_published_one_is_a_conflict(computed: World) -> None:
    key = f"{HOUR}.json"
    computed.bucket.client.put_object(Bucket=computed.bucket.name, Key=key, Body=b"of another deployment")
    with pytest.raises(S3ConflictError) as caught:
        steps.upload_raw_to_s3(computed.spec, Run(CRASH), computed.services)
    assert caught.value.location == f"s3://{computed.bucket.name}/{key}"
    assert computed.objects() == {key: b"of another deployment"}


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_an_archived_file_that_was_changed_is_never_published(computed: World, suffix: str) -> None:
    path = computed.data / f"archive/btc/20180205T140000Z.{suffix}"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"7202.50", b"7202.51"))
    with pytest.raises(
        SnapshotDamagedError, match=r"its sha256 is [0-9a-f]{64}, not [0-9a-f]{64} as archived"
    ):
        steps.upload_raw_to_s3(computed.spec, Run(CRASH), computed.services)
    assert computed.objects() == {}


def test_a_published_csv_with_other_content_is_a_conflict(computed: World) -> None:
    key = f"{HOUR}.csv"
    computed.bucket.client.put_object(Bucket=computed.bucket.name, Key=key, Body=b"of another deployment")
    with pytest.raises(S3ConflictError, match=f"{HOUR}.csv exists with other content"):
        steps.upload_raw_to_s3(computed.spec, Run(CRASH), computed.services)
    assert computed.objects()[key] == b"of another deployment"


def test_a_missing_csv_of_the_archive_is_made_and_published(computed: World) -> None:
    path = computed.data / "archive/btc/20180205T140000Z.csv"
    content = path.read_bytes()
    path.unlink()
    steps.upload_raw_to_s3(computed.spec, Run(CRASH), computed.services)
    assert path.read_bytes() == computed.objects()[f"{HOUR}.csv"] == content


def test_a_run_without_snapshot_publishes_nothing(computed: World) -> None:
    with pytest.raises(SnapshotMissingError):
        steps.upload_raw_to_s3(computed.spec, Run(CRASH + timedelta(hours=5)), computed.services)
    assert computed.objects() == {}


def test_a_run_without_rows_of_its_day_publishes_nothing(computed: World) -> None:
    with pytest.raises(
        StatisticsMissingError, match=r"btc has no statistics of 2018-02-06 \(run the compute step first\)"
    ):
        steps.upload_processed_csv_to_s3(computed.spec, Run(CRASH + timedelta(days=1)), computed.services)
    assert computed.objects() == {}


@BOTH
def test_a_spec_without_s3_section_publishes_nothing(computed: World, step: Step) -> None:
    local = computed.with_spec(_to(None))
    assert step(local.spec, Run(CRASH), local.services) == Skipped("the spec has no s3 section")
    assert computed.objects() == {}


@BOTH
def test_without_a_bucket_nothing_is_published(computed: World, step: Step) -> None:
    nowhere = computed.with_spec(_to(S3Target(None, "crypto/btc", None, None)))
    assert step(nowhere.spec, Run(CRASH), nowhere.services) == Skipped(
        "no bucket: neither s3.bucket in the spec nor S3_BUCKET is set"
    )


@BOTH
def test_the_environments_bucket_serves_specs_that_name_none(computed: World, step: Step) -> None:
    nameless = computed.with_spec(_to(S3Target(None, "crypto/btc", None, None)))
    settings = replace(computed.services.settings, s3_bucket=computed.bucket.name)
    assert isinstance(step(nameless.spec, Run(CRASH), replace(computed.services, settings=settings)), Done)
    assert computed.objects() != {}


@BOTH
def test_a_bucket_of_the_environment_that_no_spec_could_name_is_refused(computed: World, step: Step) -> None:
    nameless = computed.with_spec(_to(S3Target(None, "crypto/btc", None, None)))
    settings = replace(computed.services.settings, s3_bucket="s3://my-bucket")
    with pytest.raises(SettingsError, match="S3_BUCKET is 's3://…', and a bucket's name is 3 to 63"):
        step(nameless.spec, Run(CRASH), replace(computed.services, settings=settings))
    # Whoever names a bucket needs no other.
    assert isinstance(step(computed.spec, Run(CRASH), replace(computed.services, settings=settings)), Done)


@BOTH
@pytest.mark.parametrize(
    ("variable", "value"), [("AWS_ENDPOINT_URL", "127.0.0.1:9000"), ("AWS_DEFAULT_REGION", "us_east_1")]
)
def test_settings_that_s3_cannot_be_reached_with_are_permanent(
    computed: World, step: Step, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(S3SettingsError) as caught:
        step(computed.spec, Run(CRASH), computed.services)
    assert variable in caught.value.hint


@BOTH
def test_without_credentials_nothing_is_published(
    computed: World, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    outcome = step(computed.spec, Run(CRASH), computed.services)
    assert outcome == Skipped("no AWS credentials were found")


@BOTH
def test_a_missing_bucket_is_told(computed: World, step: Step) -> None:
    lost = computed.with_spec(_to(S3Target("no-such-bucket", "crypto/btc", None, None)))
    with pytest.raises(S3RefusedError) as caught:
        step(lost.spec, Run(CRASH), lost.services)
    assert caught.value.code == "NoSuchBucket"


def test_the_specs_own_endpoint_is_used(
    computed: World, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    target = S3Target(computed.bucket.name, "elsewhere", s3_url, None)
    own = computed.with_spec(_to(target))
    steps.upload_processed_csv_to_s3(own.spec, Run(CRASH), own.services)
    assert "elsewhere/processed/btc_processed.csv" in computed.objects()

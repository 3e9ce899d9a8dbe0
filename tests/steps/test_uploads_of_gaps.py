"""What a run couldn't publish, the next one does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from pipeline_lib import steps
from pipeline_lib.database.tables import arrivals
from pipeline_lib.errors import S3UnavailableError
from pipeline_lib.model.outcome import Done
from pipeline_lib.specs import S3Layout, S3Target
from pipeline_lib.steps import Run
from tests.steps.world import CRASH, World

HOURS = [CRASH + timedelta(hours=hour) for hour in range(4)]
RAW = "crypto/btc/raw/btc_raw.csv"


def _upload(world: World, hour: int) -> Done:
    outcome = steps.upload_raw_to_s3(world.spec, Run(HOURS[hour]), world.services)
    assert isinstance(outcome, Done)
    return outcome


def _compute_and_upload(world: World, hour: int) -> Done:
    steps.compute_moving_average(world.spec, Run(HOURS[hour]), world.services)
    outcome = steps.upload_processed_csv_to_s3(world.spec, Run(HOURS[hour]), world.services)
    assert isinstance(outcome, Done)
    return outcome


def _requests(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Method and path of each request to S3 from now on."""
    from botocore.awsrequest import AWSPreparedRequest  # noqa: PLC0415 (heavy, and for typing the hook)

    sent: list[tuple[str, str]] = []
    account = world.services.open_s3_account()

    def note(request: AWSPreparedRequest, **_others: object) -> None:
        path = request.url.partition(f"/{world.bucket.name}")[2]
        sent.append((request.method, path.partition("?")[0].removeprefix("/")))

    account.session.events.register("before-send.s3", note)
    monkeypatch.setattr("boto3.Session", lambda: account.session)
    return sent


def test_snapshots_of_an_outage_are_made_up_for(world: World) -> None:
    for hour in HOURS:
        world.fetch(hour)
    _upload(world, 0)
    for key in world.objects():
        world.bucket.client.delete_object(Bucket=world.bucket.name, Key=key)
    world.forget_publications()
    outcome = _upload(world, 3)
    assert outcome.summary.startswith("published the snapshot, 3 earlier snapshots and the raw log at s3://")
    assert len(world.objects()) == 9


def test_each_run_publishes_what_came_since_the_last_one(world: World) -> None:
    for hour in (0, 1, 2):
        world.fetch(HOURS[hour])
        if hour != 1:
            outcome = _upload(world, hour)
    assert "1 earlier snapshot" in outcome.summary
    snapshots = [key for key in world.objects() if key != RAW]
    assert len(snapshots) == 6


def test_an_ordinary_run_asks_about_nothing_but_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in (0, 1, 2):
        world.run_all(HOURS[hour])
    world.fetch(HOURS[3])
    sent = _requests(world, monkeypatch)
    _upload(world, 3)
    _compute_and_upload(world, 3)
    key = "crypto/btc/raw/date=2018-02-05/hour=17/20180205T170000Z"
    day = "crypto/btc/processed/date=2018-02-05/btc_processed.csv"
    table = "crypto/btc/processed/btc_processed.csv"
    write = [("PUT", f"{key}.json"), ("HEAD", f"{key}.json"), ("PUT", f"{key}.csv"), ("HEAD", f"{key}.csv")]
    # Their entity tags are known, so that S3 needn't be asked before it is sent something.
    replacements = [(method, name) for name in (RAW, day, table) for method in ("PUT", "HEAD")]
    # A store that computes no SHA-256 is also asked for the objects themselves.
    asked = [(method, name.replace("%3D", "=")) for method, name in sent if method != "GET"]
    assert asked == write + replacements


def test_what_has_not_changed_is_not_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run_all(HOURS[0])
    sent = _requests(world, monkeypatch)
    outcome = _compute_and_upload(world, 0)
    assert sent == []
    assert outcome.summary.endswith("btc_processed.csv is unchanged")


def test_an_outage_leaves_a_gap_that_the_next_run_fills(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_all(HOURS[0])
    world.fetch(HOURS[1])
    with monkeypatch.context() as away:
        away.setattr("pipeline_lib.publishing.s3.objects._ATTEMPTS", 1)
        away.setattr("pipeline_lib.common.retries.time.sleep", lambda _seconds: None)
        away.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with pytest.raises(S3UnavailableError):
            _upload(world, 1)
    world.fetch(HOURS[2])
    assert "the snapshot, 1 earlier snapshot and" in _upload(world, 2).summary
    assert world.objects()[RAW] == world.files()["btc_raw.csv"]
    assert len(world.objects()) == 9


def test_a_snapshot_that_cant_be_published_warns_in_each_later_run(world: World) -> None:
    for hour in HOURS[:2]:
        world.fetch(hour)
    key = "crypto/btc/raw/date=2018-02-05/hour=14/20180205T140000Z.json"
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=b"of another deployment")
    first = _upload(world, 1)
    second = _upload(world, 1)
    assert len(first.warnings) == len(second.warnings) == 1
    assert f"{key} exists with other content" in second.warnings[0]
    assert world.objects()[key] == b"of another deployment"
    assert world.objects()[RAW] == world.files()["btc_raw.csv"]


def test_a_late_row_publishes_every_day_that_it_changes(world: World) -> None:
    for hour in (0, 12, 24, 36):
        world.run_all(CRASH + timedelta(hours=hour))
    before = world.objects()
    world.run_all(CRASH + timedelta(hours=-20))
    after = world.objects()
    days = sorted(key for key in after if "processed/date=" in key)
    assert [key[26:36] for key in days] == ["2018-02-04", "2018-02-05", "2018-02-06", "2018-02-07"]
    table = world.files()["btc_processed.csv"]
    header, *rows = table.splitlines(keepends=True)
    for key in days:
        assert after[key] == header + b"".join(row for row in rows if row[:10].decode() == key[26:36])
    assert before[days[1]] != after[days[1]]


def test_without_rows_about_s3_it_is_asked_and_nothing_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in (0, 1):
        world.run_all(HOURS[hour])
    before = world.objects()
    world.forget_publications()
    sent = _requests(world, monkeypatch)
    assert _upload(world, 1).summary.startswith("published the snapshot; the raw log at s3://")
    _compute_and_upload(world, 1)
    assert world.objects() == before
    written = {name.replace("%3D", "=") for method, name in sent if method == "PUT"}
    # The run's own snapshot is sent again, to see the store refuse it.
    assert written == {key for key in before if "/hour=15/" in key}


def test_arrivals_in_another_order_are_compared_with_the_list(world: World) -> None:
    for hour in (0, 1):
        world.run_all(HOURS[hour])
    world.bucket.client.delete_object(
        Bucket=world.bucket.name, Key="crypto/btc/raw/date=2018-02-05/hour=14/20180205T140000Z.csv"
    )
    # As after a replay of an archive whose order of arrival is lost.
    with world.services.database.writing() as connection:
        connection.execute(update(arrivals).values(chain_sha256=arrivals.c.json_sha256))
    assert _upload(world, 1).summary.startswith("published the snapshot and 1 earlier snapshot; ")
    assert len(world.objects()) == 7


def test_a_waiting_snapshot_is_tried_before_one_that_was_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_lib.steps.upload._MOST_AT_ONCE", 1)
    for hour in HOURS:
        world.fetch(hour)
    world.bucket.client.put_object(
        Bucket=world.bucket.name,
        Key="crypto/btc/raw/date=2018-02-05/hour=14/20180205T140000Z.json",
        Body=b"of another deployment",
    )
    said = [_upload(world, 3) for _ in range(4)]
    # Of the other three, one is refused at once; the others come before it is tried again.
    assert [len(done.warnings) for done in said] == [1, 0, 0, 1]
    assert ["left to the next run" in done.summary for done in said] == [True, True, False, False]
    assert len(world.objects()) == 8


def test_partitions_alone_leave_out_the_whole_files(world: World) -> None:
    target = S3Target(world.bucket.name, "crypto/btc", layout=S3Layout.PARTITIONS)
    partitions = world.with_spec(lambda spec: replace(spec, s3=target))
    said = partitions.run_all(CRASH)
    assert (said[2], said[4]) == (
        "done: published the day's partition",
        "done: published the snapshot",
    )
    assert sorted(key.rpartition("/")[2] for key in world.objects()) == [
        "20180205T140000Z.csv",
        "20180205T140000Z.json",
        "btc_processed.csv",
    ]

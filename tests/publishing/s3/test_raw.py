"""Snapshots and the raw log, from archive and rows to an S3 server."""

import pytest

from pipeline_lib.archive.rows import HEADER
from pipeline_lib.database import publications
from pipeline_lib.database.publications import Folder
from pipeline_lib.errors import S3RefusedError
from pipeline_lib.publishing.s3 import publish_processed_table, publish_raw_log, publish_snapshot
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.publishing.s3.raw import NOTHING_NEW
from tests.publishing.s3.published_pipeline import HOUR, START, Pipeline

LOG = "raw/bitcoin_raw.csv"


def _hour(hour: int, name: str) -> str:
    return f"raw/date=2018-02-05/hour={hour}/20180205T{hour}0000Z{name}"


def _progress(pipeline: Pipeline) -> int | None:
    source = pipeline.source
    with source.reading() as connection:
        target = source.find_target(connection, pipeline.destination)
        progress = target and publications.read_progress(connection, target, Folder.RAW)
    return progress.arrival if progress else None


def test_the_log_holds_the_rows_in_the_order_of_arrival(pipeline_on_each: Pipeline) -> None:
    pipeline = pipeline_on_each
    for hour in (1, 0, 2):
        pipeline.record(hour)
    report = publish_raw_log(pipeline.source, pipeline.destination, at_most=100)
    assert (report.published, report.left, report.log_changed) == (3, 0, True)
    assert pipeline.objects()[LOG].decode() == (
        f"{HEADER}"
        "2018-02-05T15:00:00Z,bitcoin,usd,7001.50,,,,,2018-02-05T15:00:00Z\n"
        "2018-02-05T14:00:00Z,bitcoin,usd,7000.50,,,,,2018-02-05T14:00:00Z\n"
        "2018-02-05T16:00:00Z,bitcoin,usd,7002.50,,,,,2018-02-05T16:00:00Z\n"
    )
    assert _progress(pipeline) == 3


def test_what_came_since_is_all_that_is_looked_at(pipeline_on_each: Pipeline) -> None:
    pipeline = pipeline_on_each
    pipeline.record(0)
    pipeline.publish()
    # Nobody looks after what is known to be there.
    pipeline.delete(f"crypto/bitcoin/{_hour(14, '.json')}")
    pipeline.record(1)
    report = publish_raw_log(pipeline.source, pipeline.destination, at_most=100)
    assert (report.published, _progress(pipeline)) == (1, 2)
    assert _hour(14, ".json") not in pipeline.objects()
    assert _hour(15, ".json") in pipeline.objects()


def test_every_part_of_a_snapshot_is_published(pipeline: Pipeline) -> None:
    pipeline.record(0)
    pipeline.add_second_part(0, "ethereum")
    numbers = publish_snapshot(pipeline.source, pipeline.destination, START)
    assert numbers == {1, 2}
    assert sorted(pipeline.objects()) == [_hour(14, name) for name in (".2.csv", ".2.json", ".csv", ".json")]
    assert pipeline.objects()[_hour(14, ".2.json")] == b"ethereum json\n"


def test_a_part_that_came_after_its_moment_was_published_is_not_forgotten(pipeline: Pipeline) -> None:
    pipeline.record(0)
    published = publish_snapshot(pipeline.source, pipeline.destination, START)
    pipeline.add_second_part(0, "ethereum")
    report = publish_raw_log(pipeline.source, pipeline.destination, published=published, at_most=100)
    assert report.published == 1
    assert _hour(14, ".2.csv") in pipeline.objects()


def test_without_rows_nothing_is_published(pipeline: Pipeline) -> None:
    assert publish_raw_log(pipeline.source, pipeline.destination, at_most=100) == NOTHING_NEW
    assert pipeline.objects() == {}


def test_an_older_log_never_replaces_a_newer_one(
    pipeline_on_each: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, put = pipeline_on_each, Bucket.replace
    pipeline.record(0)

    def late(bucket: Bucket, key: str, content: bytes, content_type: str, etag: str | None) -> str:
        # Another process records and publishes an hour between this one's reading and writing.
        monkeypatch.setattr(Bucket, "replace", put)
        pipeline.record(1)
        publish_raw_log(pipeline.source, pipeline.destination, at_most=100)
        return put(bucket, key, content, content_type, etag)

    monkeypatch.setattr(Bucket, "replace", late)
    report = publish_raw_log(pipeline.source, pipeline.destination, at_most=100)
    assert not report.log_changed
    assert pipeline.objects()[LOG].count(b"\n") == 3
    assert _progress(pipeline) == 2


def test_a_destination_that_was_forgotten_meanwhile_stays_forgotten(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.record(0)
    pipeline.publish()
    pipeline.record(1)
    put = Bucket.put_immutable

    def forgetting(bucket: Bucket, key: str, content: bytes, content_type: str) -> bool:
        source = pipeline.source
        with source.writing() as connection:
            target = source.find_target(connection, pipeline.destination)
            assert target is not None
            publications.forget(connection, target)
        return put(bucket, key, content, content_type)

    monkeypatch.setattr(Bucket, "put_immutable", forgetting)
    publish_raw_log(pipeline.source, pipeline.destination, at_most=100)
    assert _progress(pipeline) is None


def test_no_transaction_is_open_while_s3_is_called(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        assert pipeline.source.database._connection is None
        raise S3RefusedError("no", code="No")

    for hour in range(3):
        pipeline.record(hour)
    pipeline.compute()
    for name in ("list_objects", "find", "replace", "put_immutable"):
        monkeypatch.setattr(Bucket, name, refuse)
    with pytest.raises(S3RefusedError):
        publish_snapshot(pipeline.source, pipeline.destination, START + HOUR)
    with pytest.raises(S3RefusedError):
        publish_raw_log(pipeline.source, pipeline.destination, at_most=100)
    with pytest.raises(S3RefusedError):
        publish_processed_table(pipeline.source, pipeline.destination, at_most=100)

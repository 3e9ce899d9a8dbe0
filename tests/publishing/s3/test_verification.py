"""Archive and rows against objects, on an S3 server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from pipeline_lib.publishing.s3.object_keys import processed_day_key
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.publishing.s3.verification import compare_with_s3
from pipeline_lib.specs import S3Layout
from tests.publishing.s3.published_pipeline import Pipeline

PREFIX = "crypto/bitcoin"
JSON_KEY = f"{PREFIX}/raw/date=2018-02-05/hour=14/20180205T140000Z.json"
UPLOAD = "coin-pipelines upload bitcoin"


@pytest.fixture
def published(pipeline: Pipeline) -> Pipeline:
    """Three snapshots of two days and their statistics, all on S3."""
    for hour in (0, 1, 12):
        pipeline.record(hour)
    pipeline.publish()
    return pipeline


def _keys(pipeline: Pipeline) -> list[str]:
    return [there.key for there in pipeline.destination.bucket.list_objects(PREFIX)]


def _found(pipeline: Pipeline) -> list[tuple[str, str, str]]:
    start = pipeline.destination.bucket.location("")
    return [
        (found.place.removeprefix(start), found.reason, found.fix)
        for found in compare_with_s3(pipeline.source, pipeline.destination)
    ]


def test_what_is_published_is_the_same(published: Pipeline) -> None:
    assert len(_keys(published)) == 10
    assert _found(published) == []


def test_on_each_database_what_is_published_is_the_same(pipeline_on_each: Pipeline) -> None:
    for hour in (12, 0):
        pipeline_on_each.record(hour)
    pipeline_on_each.publish()
    assert len(_keys(pipeline_on_each)) == 8
    assert _found(pipeline_on_each) == []


def test_later_parts_are_compared_too(published: Pipeline) -> None:
    published.add_second_part(0, "ethereum")
    assert [place.rpartition("/")[2] for place, _, _ in _found(published)] == [
        "20180205T140000Z.2.csv",
        "20180205T140000Z.2.json",
        "bitcoin_raw.csv",
    ]
    published.publish()
    assert _found(published) == []


def test_each_missing_object_is_found(published: Pipeline) -> None:
    for key in _keys(published):
        content = published.content(key)
        published.delete(key)
        ((place, reason, fix),) = _found(published)
        assert (place, fix) == (key, UPLOAD)
        assert reason.startswith("is missing, and ")
        published.put(key, content)
    assert _found(published) == []


@pytest.mark.parametrize("change", [lambda content: content[:-1] + b"?", lambda content: content + b"\n"])
def test_each_changed_object_is_found(published: Pipeline, change: Callable[[bytes], bytes]) -> None:
    for key in _keys(published):
        content = published.content(key)
        published.put(key, change(content))
        ((place, reason, fix),) = _found(published)
        assert place == key
        if "/hour=" in place:
            assert reason.endswith("though neither may ever change")
            assert fix.startswith("compare both")
        else:
            assert (reason, fix) == ("differs from what the database gives", UPLOAD)
        published.put(key, content)


def test_a_lost_snapshot_can_be_restored_from_s3(published: Pipeline) -> None:
    path = published.source.layout.archive / "20180205T140000Z.json"
    path.unlink()
    ((place, reason, fix),) = _found(published)
    assert (place, reason) == (JSON_KEY, f"has no file {path}")
    assert fix == f"restore it: aws s3 cp {published.destination.bucket.location(JSON_KEY)} {path}"


def test_objects_that_stand_for_nothing_are_found(published: Pipeline) -> None:
    keys = [
        f"{PREFIX}/raw/notes.txt",
        processed_day_key(PREFIX, "bitcoin", date(2018, 2, 9)),
    ]
    for key in keys:
        published.put(key, b"x")
    assert [(place, reason) for place, reason, _ in _found(published)] == [
        (key, "has nothing in archive or database that it stands for") for key in keys
    ]


def test_the_whole_files_of_a_layout_without_them_are_left_over(published: Pipeline) -> None:
    partitions = replace(published, destination=replace(published.destination, layout=S3Layout.PARTITIONS))
    assert [place for place, _, _ in _found(partitions)] == [
        f"{PREFIX}/raw/bitcoin_raw.csv",
        f"{PREFIX}/processed/bitcoin_processed.csv",
    ]


def test_where_the_list_tells_no_md5_the_hash_decides(
    published: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = published.destination.bucket
    listed = [replace(there, etag="of-an-encrypted-object") for there in bucket.list_objects(PREFIX)]
    monkeypatch.setattr(
        Bucket,
        "list_objects",
        lambda _bucket, prefix: [there for there in listed if there.key.startswith(prefix)],
    )
    assert _found(published) == []
    path = published.source.layout.archive / "20180205T150000Z.csv"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"7001.50", b"7001.51"))
    assert [place for place, _, _ in _found(published)] == [
        f"{PREFIX}/raw/date=2018-02-05/hour=15/20180205T150000Z.csv"
    ]

"""Files against objects, on an S3 server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipeline_lib.archive.parts import add_snapshots
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.publishing.s3 import Destination, publish_processed_table, publish_raw_log
from pipeline_lib.publishing.s3.object_keys import processed_day_key
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.publishing.s3.verification import compare_with_s3
from pipeline_lib.specs import S3Layout
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.table import processed_table
from tests.store.log.appending import append

PREFIX = "crypto/bitcoin"
JSON_KEY = f"{PREFIX}/raw/date=2018-02-05/hour=14/20180205T140000Z.json"
UPLOAD = "coin-pipelines upload bitcoin"


@pytest.fixture
def published(layout: Layout, bucket: Bucket, snapshot: Snapshot) -> Destination:
    """Three snapshots of two days, their log and a table, all on S3."""
    moments = [snapshot.observation.moment + timedelta(hours=hours) for hours in (0, 1, 12)]
    for moment in moments:
        observation = replace(snapshot.observation, moment=moment)
        archive = FolderArchive(layout.archive)
        add_snapshots(archive, "bitcoin", [Snapshot(observation, snapshot.provenance)])
        append(layout.raw_log, observation)
    table = processed_table.encode(("timestamp", "count"), [(moment, 1) for moment in moments])
    processed_table.write(layout.processed_table, table)
    destination = Destination(bucket, PREFIX, "bitcoin")
    publish_raw_log(layout, destination, at_most=100)
    publish_processed_table(layout, destination, at_most=100)
    return destination


def _found(layout: Layout, destination: Destination) -> list[tuple[str, str, str]]:
    start = destination.bucket.location("")
    return [
        (found.place.removeprefix(start), found.reason, found.fix)
        for found in compare_with_s3(layout, destination)
    ]


def test_what_is_published_is_the_same(layout: Layout, published: Destination) -> None:
    assert len(list(published.bucket.list_objects(PREFIX))) == 10
    assert _found(layout, published) == []


def test_each_missing_object_is_found(layout: Layout, published: Destination) -> None:
    for there in list(published.bucket.list_objects(PREFIX)):
        published.bucket.client.delete_object(Bucket=published.bucket.name, Key=there.key)
        ((place, reason, fix),) = _found(layout, published)
        assert (place, fix) == (there.key, UPLOAD)
        assert reason.startswith("is missing, and ")
        publish_again = Destination(published.bucket, PREFIX, "bitcoin")
        for note in layout.published.rglob("*.json"):
            note.unlink()
        publish_raw_log(layout, publish_again, at_most=100)
        publish_processed_table(layout, publish_again, at_most=100)
    assert _found(layout, published) == []


@pytest.mark.parametrize("change", [lambda content: content[:-1] + b"?", lambda content: content + b"\n"])
def test_each_changed_object_is_found(
    layout: Layout, published: Destination, change: Callable[[bytes], bytes]
) -> None:
    client, name = published.bucket.client, published.bucket.name
    for there in list(published.bucket.list_objects(PREFIX)):
        content = client.get_object(Bucket=name, Key=there.key)["Body"].read()
        client.put_object(Bucket=name, Key=there.key, Body=change(content))
        ((place, reason, fix),) = _found(layout, published)
        assert place == there.key
        if "/hour=" in place:
            assert reason.endswith("though neither may ever change")
            assert fix.startswith("compare both")
        else:
            assert (reason.split()[0], fix) == ("differs", UPLOAD)
        client.put_object(Bucket=name, Key=there.key, Body=content)


def test_a_lost_snapshot_can_be_restored_from_s3(layout: Layout, published: Destination) -> None:
    path = layout.archive / "20180205T140000Z.json"
    path.unlink()
    ((place, reason, fix),) = _found(layout, published)
    assert (place, reason) == (JSON_KEY, f"has no file {path}")
    assert fix == f"restore it: aws s3 cp {published.bucket.location(JSON_KEY)} {path}"


def test_objects_that_stand_for_nothing_are_found(layout: Layout, published: Destination) -> None:
    keys = [
        f"{PREFIX}/raw/notes.txt",
        processed_day_key(PREFIX, "bitcoin", date(2018, 2, 9)),
    ]
    for key in keys:
        published.bucket.replace(key, b"x", "text/plain")
    assert [(place, reason) for place, reason, _ in _found(layout, published)] == [
        (key, "has nothing on disk that it stands for") for key in keys
    ]


def test_the_whole_files_of_a_layout_without_them_are_left_over(
    layout: Layout, published: Destination
) -> None:
    partitions = replace(published, layout=S3Layout.PARTITIONS)
    assert [place for place, _, _ in _found(layout, partitions)] == [
        f"{PREFIX}/raw/bitcoin_raw.csv",
        f"{PREFIX}/processed/bitcoin_processed.csv",
    ]


def test_where_the_list_tells_no_md5_the_hash_decides(
    layout: Layout, published: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [
        replace(there, etag="of-an-encrypted-object") for there in published.bucket.list_objects(PREFIX)
    ]
    monkeypatch.setattr(
        Bucket,
        "list_objects",
        lambda _bucket, prefix: [there for there in listed if there.key.startswith(prefix)],
    )
    assert _found(layout, published) == []
    path = layout.archive / "20180205T150000Z.csv"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"6955.270", b"6955.271"))
    assert [place for place, _, _ in _found(layout, published)] == [
        f"{PREFIX}/raw/date=2018-02-05/hour=15/20180205T150000Z.csv"
    ]

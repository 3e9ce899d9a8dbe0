"""Whole objects in competition, on an S3 server."""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count

import pytest

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.errors import S3UnavailableError
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.publishing.s3.replacements import Confirmed, Known, replace_objects

KEY = "crypto/bitcoin/raw/bitcoin_raw.csv"
OTHER = "crypto/bitcoin/processed/bitcoin_processed.csv"


@dataclass
class Rows:
    """Contents that grow; counts how often they are read."""

    contents: dict[str, bytes]
    reads: list[list[str]] = field(default_factory=list)

    def __call__(self, keys: Collection[str]) -> Mapping[str, bytes]:
        self.reads.append(list(keys))
        return dict(self.contents)


def _content(bucket: Bucket, key: str = KEY) -> bytes:
    return bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()


def _bring_up(bucket: Bucket, content: bytes, known: Known | None = None) -> Confirmed:
    tags = {KEY: known} if known else {}
    (confirmed,) = replace_objects(bucket, [KEY], tags, Rows({KEY: content}))
    return confirmed


def test_what_is_confirmed_is_what_s3_holds(bucket: Bucket) -> None:
    confirmed = _bring_up(bucket, b"one")
    found = bucket.find(KEY)
    assert found is not None
    assert confirmed == Confirmed(KEY, sha256(b"one").hexdigest(), found.etag, is_written=True)
    assert _bring_up(bucket, b"one") == Confirmed(KEY, confirmed.sha256, found.etag, is_written=False)


def test_bytes_that_are_known_to_be_there_send_no_request(account: object, bucket: Bucket) -> None:  # noqa: ARG001
    nowhere = Bucket(bucket.client, "no-such-bucket", RetryPolicy(attempts=1))
    known = Known(sha256(b"one").hexdigest(), "etag")
    assert _bring_up(nowhere, b"one", known) == Confirmed(KEY, known.sha256, "etag", is_written=False)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_tag_that_is_wrong_costs_a_question(bucket: Bucket, *, is_deleted: bool) -> None:
    first = _bring_up(bucket, b"one")
    _bring_up(bucket, b"two")
    if is_deleted:
        bucket.client.delete_object(Bucket=bucket.name, Key=KEY)
    rows = Rows({KEY: b"three"})
    (confirmed,) = replace_objects(bucket, [KEY], {KEY: Known(first.sha256, first.etag)}, rows)
    assert (confirmed.is_written, _content(bucket), len(rows.reads)) == (True, b"three", 2)


def test_whoever_looked_before_a_newer_state_starts_over_and_never_puts_an_older_one(bucket: Bucket) -> None:
    _bring_up(bucket, b"one")
    reads = count()

    def read(_: Collection[str]) -> Mapping[str, bytes]:
        # Between its look at S3 and its write, another process commits and publishes.
        if next(reads) == 0:
            _bring_up(bucket, b"three")
            return {KEY: b"two"}
        return {KEY: b"three"}

    (confirmed,) = replace_objects(bucket, [KEY], {}, read)
    assert (confirmed.is_written, _content(bucket)) == (False, b"three")


def test_of_many_objects_only_those_that_changed_are_tried_again(bucket: Bucket) -> None:
    rows = Rows({KEY: b"one", OTHER: b"other"})

    def read(keys: Collection[str]) -> Mapping[str, bytes]:
        if not rows.reads:
            bucket.client.put_object(Bucket=bucket.name, Key=KEY, Body=b"of another process")
        return rows(keys)

    confirmed = list(replace_objects(bucket, [KEY, OTHER], {}, read))
    assert rows.reads == [[KEY, OTHER], [KEY]]
    assert [(each.key, each.is_written) for each in confirmed] == [(OTHER, True), (KEY, True)]
    assert (_content(bucket), _content(bucket, OTHER)) == (b"one", b"other")


def test_a_key_without_content_is_left_out(bucket: Bucket) -> None:
    assert list(replace_objects(bucket, [KEY], {}, Rows({}))) == []
    assert bucket.find(KEY) is None


def test_what_was_confirmed_before_a_failure_is_told(bucket: Bucket) -> None:
    confirmed: list[str] = []

    def read(_: Collection[str]) -> Mapping[str, bytes]:
        if confirmed:
            raise S3UnavailableError("away")
        bucket.client.put_object(Bucket=bucket.name, Key=OTHER, Body=b"of another process")
        return {KEY: b"one", OTHER: b"other"}

    with pytest.raises(S3UnavailableError, match="away"):
        confirmed.extend(each.key for each in replace_objects(bucket, [KEY, OTHER], {}, read))
    assert (confirmed, _content(bucket)) == ([KEY], b"one")


def test_of_racing_processes_the_newest_state_stays(bucket: Bucket) -> None:
    """Each reads a state that is at least as new as any that was published before it looked."""
    states = count(1)

    def publish(_: int) -> int:
        newest = 0

        def read(_: Collection[str]) -> Mapping[str, bytes]:
            nonlocal newest
            newest = next(states)
            return {KEY: b"%d" % newest}

        while True:
            try:
                list(replace_objects(bucket, [KEY], {}, read))
            except S3UnavailableError:
                continue
            return newest

    with ThreadPoolExecutor(4) as pool:
        published = list(pool.map(publish, range(16)))
    assert int(_content(bucket)) == max(published)

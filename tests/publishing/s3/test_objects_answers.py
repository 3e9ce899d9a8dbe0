"""What S3 answers in bad moments, by a server that answers as it is told."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest

from pipeline_lib.errors import S3ConflictError, S3RefusedError, S3UnavailableError, TemporaryError
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.publishing.s3.replacements import replace_objects
from tests.publishing.s3.told_server import ATTEMPTS, ToldServer
from tests.publishing.s3.writes import replace_new


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "ConditionalRequestConflict"),
        (503, "SlowDown"),
        (500, "InternalError"),
        (429, "TooManyRequests"),
        (408, "RequestTimeout"),
    ],
)
def test_a_temporary_refusal_is_tried_again(
    told_bucket: Bucket, server: ToldServer, status: int, code: str
) -> None:
    server.answers = [(status, code), (status, code), (200, b"")]
    assert told_bucket.put_immutable("key", b"content", "text/csv")
    assert server.received == [("PUT", "*")] * 3


def test_a_first_write_of_any_kind_demands_that_nothing_is_there(
    told_bucket: Bucket, server: ToldServer
) -> None:
    told_bucket.replace("key", b"content", "text/csv", None)
    assert server.received == [("PUT", "*")]


def test_each_write_carries_the_checksum_of_its_content(told_bucket: Bucket, server: ToldServer) -> None:
    told_bucket.replace("key", b"content", "text/csv", None)
    told_bucket.put_immutable("key", b"other", "text/csv")
    expected = [b64encode(sha256(content).digest()).decode() for content in (b"content", b"other")]
    assert server.checksums == expected


def test_a_refusal_that_lasts_ends_after_all_tries(told_bucket: Bucket, server: ToldServer) -> None:
    server.answers = [(503, "SlowDown")]
    with pytest.raises(S3UnavailableError) as caught:
        told_bucket.put_immutable("key", b"content", "text/csv")
    assert isinstance(caught.value, TemporaryError)
    assert str(caught.value) == "S3 answered 503 SlowDown for s3://prices/key: made up"
    assert len(server.received) == ATTEMPTS


def test_who_loses_a_race_to_the_same_content_has_written_it(told_bucket: Bucket, server: ToldServer) -> None:
    # The conflict: another write was under way. Its content, in the end, is ours.
    server.stored, server.tells_checksums = b"content", False
    server.answers = [
        (409, "ConditionalRequestConflict"),
        (412, "PreconditionFailed"),
        (503, "SlowDown"),
        (200, b"content"),
    ]
    assert not told_bucket.put_immutable("key", b"content", "text/csv")
    assert server.received == [("PUT", "*"), ("PUT", "*"), ("GET", None), ("GET", None)]


def test_who_loses_a_race_to_other_content_is_told(told_bucket: Bucket, server: ToldServer) -> None:
    server.stored, server.answers = b"other", [(412, "PreconditionFailed")]
    with pytest.raises(S3ConflictError, match="s3://prices/key exists with other content"):
        told_bucket.put_immutable("key", b"content", "text/csv")


@pytest.mark.parametrize("write", [Bucket.put_immutable, replace_new])
def test_other_bytes_than_were_sent_are_an_alarm(
    told_bucket: Bucket, server: ToldServer, write: Callable[[Bucket, str, bytes, str], object]
) -> None:
    server.loses_the_last_byte = True
    with pytest.raises(S3ConflictError) as caught:
        write(told_bucket, "key", b"content", "text/csv")
    assert caught.value.found_sha256 == sha256(b"conten").hexdigest()


def test_a_store_that_overwrites_in_spite_of_the_condition_is_refused(
    told_bucket: Bucket, server: ToldServer
) -> None:
    with pytest.raises(S3RefusedError, match="overwrites objects in spite of If-None-Match") as caught:
        told_bucket.require_conditional_writes("key", b"content", "text/csv")
    assert caught.value.code == "ConditionIgnored"
    assert server.received == [("PUT", "*")] * 2


def test_what_is_there_is_not_overwritten_to_see_whether_it_can_be(
    told_bucket: Bucket, server: ToldServer
) -> None:
    server.stored = b"other"
    with pytest.raises(S3ConflictError):
        told_bucket.require_conditional_writes("key", b"content", "text/csv")
    assert server.received == []


def test_a_store_that_replaces_in_spite_of_the_condition_is_refused(
    told_bucket: Bucket, server: ToldServer
) -> None:
    server.answers = [(200, b""), (412, "PreconditionFailed"), (200, b"")]
    with pytest.raises(S3RefusedError, match="overwrites objects in spite of If-Match") as caught:
        told_bucket.require_conditional_writes("key", b"content", "text/csv")
    assert caught.value.code == "ConditionIgnored"
    assert server.stored == b"content"


def test_a_store_without_if_match_is_refused_at_once(told_bucket: Bucket, server: ToldServer) -> None:
    server.answers = [(501, "NotImplemented")]
    with pytest.raises(S3RefusedError, match="501 NotImplemented") as caught:
        told_bucket.replace("key", b"content", "text/csv", "etag")
    assert caught.value.hint.startswith("the store has to know conditional writes")
    assert len(server.received) == 1


def test_a_replacement_that_others_always_forestall_ends(told_bucket: Bucket, server: ToldServer) -> None:
    server.stored, server.answers = b"other", [(412, "PreconditionFailed")]
    with pytest.raises(
        S3UnavailableError, match="s3://prices/key is being replaced by others time and again"
    ):
        list(replace_objects(told_bucket, ["key"], {}, lambda _: {"key": b"content"}))
    assert len(server.received) == 5

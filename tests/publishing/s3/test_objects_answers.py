"""What S3 answers in bad moments, by a server that answers as it is told."""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.config import Config

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.errors import S3ConflictError, S3RefusedError, S3UnavailableError, TemporaryError
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.publishing.s3.replacements import replace_objects
from tests.publishing.s3.writes import replace_new

ATTEMPTS = 4
PERMISSIONS = (
    "the credentials need s3:PutObject and s3:GetObject on the prefix, s3:ListBucket on the bucket, and "
    "kms:GenerateDataKey and kms:Decrypt on a key of their own"
)


class ToldServer(ThreadingHTTPServer):
    """Gives its answers to GET and PUT in turn; then the last one for ever. Keeps these requests.

    HEAD is answered by ``stored``: the content that the last successful PUT brought, or a test's own.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, str | bytes]] = [(200, b"")]
        self.received: list[tuple[str, str | None]] = []
        self.checksums: list[str | None] = []
        self.stored: bytes | None = None
        self.tells_checksums = True
        self.loses_the_last_byte = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ToldServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.checksums.append(self.headers.get("x-amz-checksum-sha256"))
        self.server.received.append((self.command, self.headers.get("If-None-Match")))
        status, said = self.server.answers[0]
        if len(self.server.answers) > 1:
            del self.server.answers[0]
        if self.command == "PUT" and status == 200:
            self.server.stored = body[:-1] if self.server.loses_the_last_byte else body
        if isinstance(said, str):
            said = f"<Error><Code>{said}</Code><Message>made up</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_HEAD(self) -> None:
        stored = self.server.stored
        self.send_response(404 if stored is None else 200)
        self.send_header("Content-Length", str(len(stored or b"")))
        if stored is not None and self.server.tells_checksums:
            self.send_header("x-amz-checksum-sha256", b64encode(sha256(stored).digest()).decode())
        self.end_headers()

    do_GET = do_PUT = _answer  # noqa: N815 - names that http.server asks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        pass


@pytest.fixture
def server() -> Iterator[ToldServer]:
    with ToldServer() as told:
        thread = threading.Thread(target=told.serve_forever, args=(0.02,))
        thread.start()
        yield told
        told.shutdown()
        thread.join()


@pytest.fixture
def bucket(aws_environment: None, server: ToldServer) -> Bucket:  # noqa: ARG001 - sets the scene
    # boto3's own retries, which wait for seconds, are left out: what remains is ours.
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    return Bucket(client, "prices", RetryPolicy(attempts=ATTEMPTS, first_wait=0))


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
    bucket: Bucket, server: ToldServer, status: int, code: str
) -> None:
    server.answers = [(status, code), (status, code), (200, b"")]
    assert bucket.put_immutable("key", b"content", "text/csv")
    assert server.received == [("PUT", "*")] * 3


def test_a_first_write_of_any_kind_demands_that_nothing_is_there(bucket: Bucket, server: ToldServer) -> None:
    bucket.replace("key", b"content", "text/csv", None)
    assert server.received == [("PUT", "*")]


def test_each_write_carries_the_checksum_of_its_content(bucket: Bucket, server: ToldServer) -> None:
    bucket.replace("key", b"content", "text/csv", None)
    bucket.put_immutable("key", b"other", "text/csv")
    expected = [b64encode(sha256(content).digest()).decode() for content in (b"content", b"other")]
    assert server.checksums == expected


def test_a_refusal_that_lasts_ends_after_all_tries(bucket: Bucket, server: ToldServer) -> None:
    server.answers = [(503, "SlowDown")]
    with pytest.raises(S3UnavailableError) as caught:
        bucket.put_immutable("key", b"content", "text/csv")
    assert isinstance(caught.value, TemporaryError)
    assert str(caught.value) == "S3 answered 503 SlowDown for s3://prices/key"
    assert len(server.received) == ATTEMPTS


def test_who_loses_a_race_to_the_same_content_has_written_it(bucket: Bucket, server: ToldServer) -> None:
    # The conflict: another write was under way. Its content, in the end, is ours.
    server.stored, server.tells_checksums = b"content", False
    server.answers = [
        (409, "ConditionalRequestConflict"),
        (412, "PreconditionFailed"),
        (503, "SlowDown"),
        (200, b"content"),
    ]
    assert not bucket.put_immutable("key", b"content", "text/csv")
    assert server.received == [("PUT", "*"), ("PUT", "*"), ("GET", None), ("GET", None)]


def test_who_loses_a_race_to_other_content_is_told(bucket: Bucket, server: ToldServer) -> None:
    server.stored, server.answers = b"other", [(412, "PreconditionFailed")]
    with pytest.raises(S3ConflictError, match="s3://prices/key exists with other content"):
        bucket.put_immutable("key", b"content", "text/csv")


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (
            403,
            "AccessDenied",
            PERMISSIONS,
        ),
        (
            501,
            "NotImplemented",
            "the store has to know conditional writes and x-amz-checksum-sha256; docs/s3.md says more",
        ),
        (403, "InvalidAccessKeyId", "check the AWS credentials"),
        (403, "SignatureDoesNotMatch", "check the AWS credentials"),
        (400, "ExpiredToken", "renew the AWS session token"),
        (404, "NoSuchBucket", "create the bucket, or correct s3.bucket or S3_BUCKET"),
        (400, "BadDigest", ""),
    ],
)
def test_a_permanent_refusal_is_told_at_once(
    bucket: Bucket, server: ToldServer, status: int, code: str, hint: str
) -> None:
    server.answers = [(status, code)]
    with pytest.raises(S3RefusedError) as caught:
        bucket.put_immutable("key", b"content", "text/csv")
    assert (caught.value.code, caught.value.hint) == (code, hint)
    assert caught.value.message == f"S3 refused s3://prices/key: {status} {code}"
    assert len(server.received) == 1


@pytest.mark.parametrize("write", [Bucket.put_immutable, replace_new])
def test_other_bytes_than_were_sent_are_an_alarm(
    bucket: Bucket, server: ToldServer, write: Callable[[Bucket, str, bytes, str], object]
) -> None:
    server.loses_the_last_byte = True
    with pytest.raises(S3ConflictError) as caught:
        write(bucket, "key", b"content", "text/csv")
    assert caught.value.found_sha256 == sha256(b"conten").hexdigest()


def test_a_store_that_overwrites_in_spite_of_the_condition_is_refused(
    bucket: Bucket, server: ToldServer
) -> None:
    with pytest.raises(S3RefusedError, match="overwrites objects in spite of If-None-Match") as caught:
        bucket.require_conditional_writes("key", b"content", "text/csv")
    assert caught.value.code == "ConditionIgnored"
    assert server.received == [("PUT", "*")] * 2


def test_what_is_there_is_not_overwritten_to_see_whether_it_can_be(
    bucket: Bucket, server: ToldServer
) -> None:
    server.stored = b"other"
    with pytest.raises(S3ConflictError):
        bucket.require_conditional_writes("key", b"content", "text/csv")
    assert server.received == []


def test_a_store_that_replaces_in_spite_of_the_condition_is_refused(
    bucket: Bucket, server: ToldServer
) -> None:
    server.answers = [(200, b""), (412, "PreconditionFailed"), (200, b"")]
    with pytest.raises(S3RefusedError, match="overwrites objects in spite of If-Match") as caught:
        bucket.require_conditional_writes("key", b"content", "text/csv")
    assert caught.value.code == "ConditionIgnored"
    assert server.stored == b"content"


def test_a_store_without_if_match_is_refused_at_once(bucket: Bucket, server: ToldServer) -> None:
    server.answers = [(501, "NotImplemented")]
    with pytest.raises(S3RefusedError, match="501 NotImplemented") as caught:
        bucket.replace("key", b"content", "text/csv", "etag")
    assert caught.value.hint.startswith("the store has to know conditional writes")
    assert len(server.received) == 1


def test_a_replacement_that_others_always_forestall_ends(bucket: Bucket, server: ToldServer) -> None:
    server.stored, server.answers = b"other", [(412, "PreconditionFailed")]
    with pytest.raises(
        S3UnavailableError, match="s3://prices/key is being replaced by others time and again"
    ):
        list(replace_objects(bucket, ["key"], {}, lambda _: {"key": b"content"}))
    assert len(server.received) == 5

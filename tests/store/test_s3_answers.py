"""What S3 answers in bad moments, by a server that answers as it is told."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.config import Config

from pipeline_lib.errors import S3ConflictError, S3RefusedError, S3UnavailableError, TemporaryError
from pipeline_lib.retrying import RetryPolicy
from pipeline_lib.store.s3 import Bucket

ATTEMPTS = 4


class ToldServer(ThreadingHTTPServer):
    """Gives its answers in turn; then the last one for ever. Keeps the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, str | bytes]] = [(200, b"")]
        self.received: list[tuple[str, str | None]] = []
        self.checksums: list[str | None] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ToldServer

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.checksums.append(self.headers.get("x-amz-checksum-sha256"))
        self.server.received.append((self.command, self.headers.get("If-None-Match")))
        status, said = self.server.answers[0]
        if len(self.server.answers) > 1:
            del self.server.answers[0]
        if isinstance(said, str):
            said = f"<Error><Code>{said}</Code><Message>made up</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

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


def test_only_immutable_writes_are_conditional(bucket: Bucket, server: ToldServer) -> None:
    bucket.put("key", b"content", "text/csv")
    assert server.received == [("PUT", None)]


def test_each_write_carries_the_checksum_of_its_content(bucket: Bucket, server: ToldServer) -> None:
    bucket.put("key", b"content", "text/csv")
    bucket.put_immutable("key", b"other", "text/csv")
    expected = [b64encode(sha256(content).digest()).decode() for content in (b"content", b"other")]
    assert server.checksums == expected


def test_a_refusal_that_lasts_ends_after_all_tries(bucket: Bucket, server: ToldServer) -> None:
    server.answers = [(503, "SlowDown")]
    with pytest.raises(S3UnavailableError) as caught:
        bucket.put("key", b"content", "text/csv")
    assert isinstance(caught.value, TemporaryError)
    assert str(caught.value) == "S3 answered 503 SlowDown for s3://prices/key"
    assert len(server.received) == ATTEMPTS


def test_who_loses_a_race_to_the_same_content_has_written_it(bucket: Bucket, server: ToldServer) -> None:
    # The conflict: another write was under way. Its content, in the end, is ours.
    server.answers = [
        (409, "ConditionalRequestConflict"),
        (412, "PreconditionFailed"),
        (503, "SlowDown"),
        (200, b"content"),
    ]
    assert not bucket.put_immutable("key", b"content", "text/csv")
    assert server.received == [("PUT", "*"), ("PUT", "*"), ("GET", None), ("GET", None)]


def test_who_loses_a_race_to_other_content_is_told(bucket: Bucket, server: ToldServer) -> None:
    server.answers = [(412, "PreconditionFailed"), (200, b"other")]
    with pytest.raises(S3ConflictError, match="s3://prices/key exists with other content"):
        bucket.put_immutable("key", b"content", "text/csv")


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (403, "AccessDenied", "the credentials need s3:PutObject and s3:GetObject on the prefix"),
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

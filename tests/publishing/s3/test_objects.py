"""Objects on an S3 server."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from socket import create_server

import boto3
import pytest

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.errors import PermanentError, S3ConflictError, S3RefusedError, S3UnavailableError
from pipeline_lib.publishing.s3.failures import ConditionFailedError
from pipeline_lib.publishing.s3.objects import Bucket, S3Account
from tests.publishing.s3.writes import replace_new

KEY = "crypto/bitcoin/raw/date=2018-02-05/hour=14/20180205T140000Z.json"
WRITES = pytest.mark.parametrize("write", [replace_new, Bucket.put_immutable])
Write = Callable[[Bucket, str, bytes, str], object]


def _content(bucket: Bucket, key: str = KEY) -> bytes:
    return bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()


@WRITES
@pytest.mark.parametrize("content", [b"", b"a\r\n\xff", b"x" * 2_000_000])
def test_an_object_holds_every_byte_and_its_type(bucket: Bucket, write: Write, content: bytes) -> None:
    write(bucket, KEY, content, "text/csv; charset=utf-8")
    assert _content(bucket) == content
    head = bucket.client.head_object(Bucket=bucket.name, Key=KEY)
    assert head["ContentType"] == "text/csv; charset=utf-8"


def test_an_immutable_object_is_made_once(bucket: Bucket) -> None:
    assert bucket.put_immutable(KEY, b"content", "application/json")
    written = bucket.client.head_object(Bucket=bucket.name, Key=KEY)
    assert not bucket.put_immutable(KEY, b"content", "application/json")
    again = bucket.client.head_object(Bucket=bucket.name, Key=KEY)
    assert (again["ETag"], again["LastModified"]) == (written["ETag"], written["LastModified"])


def test_other_content_of_an_immutable_object_is_a_conflict(bucket: Bucket) -> None:
    bucket.put_immutable(KEY, b"first", "application/json")
    with pytest.raises(S3ConflictError) as caught:
        bucket.put_immutable(KEY, b"second", "application/json")
    expected, found = sha256(b"second").hexdigest(), sha256(b"first").hexdigest()
    assert caught.value.location == f"s3://{bucket.name}/{KEY}"
    assert (caught.value.expected_sha256, caught.value.found_sha256) == (expected, found)
    assert expected in str(caught.value)
    assert found in str(caught.value)
    assert isinstance(caught.value, PermanentError)
    assert _content(bucket) == b"first"


def test_an_ordinary_object_is_replaced(bucket: Bucket) -> None:
    first = bucket.replace(KEY, b"first, and longer", "text/plain", None)
    second = bucket.replace(KEY, b"second", "text/csv", first)
    assert _content(bucket) == b"second"
    found = bucket.find(KEY)
    assert found is not None
    assert (found.etag, found.size) == (second, 6)


@pytest.mark.parametrize("stale", [True, False], ids=["an older one", "none"])
def test_an_object_that_changed_meanwhile_is_not_replaced(bucket: Bucket, *, stale: bool) -> None:
    first = bucket.replace(KEY, b"first", "text/csv", None)
    bucket.replace(KEY, b"second", "text/csv", first)
    with pytest.raises(ConditionFailedError):
        bucket.replace(KEY, b"third", "text/csv", first if stale else None)
    assert _content(bucket) == b"second"


def test_an_object_that_was_deleted_meanwhile_is_not_replaced(bucket: Bucket) -> None:
    first = bucket.replace(KEY, b"first", "text/csv", None)
    bucket.client.delete_object(Bucket=bucket.name, Key=KEY)
    with pytest.raises(ConditionFailedError):
        bucket.replace(KEY, b"second", "text/csv", first)
    assert bucket.find(KEY) is None


def test_a_store_with_conditional_writes_is_accepted_and_keeps_the_object(bucket: Bucket) -> None:
    for _ in range(2):
        bucket.require_conditional_writes(KEY, b"content", "text/csv")
    assert _content(bucket) == b"content"


def test_of_racing_writers_of_one_key_one_wins(bucket: Bucket) -> None:
    contents = [f"writer {number}".encode() * 1000 for number in range(8)]

    def write(content: bytes) -> bool | S3ConflictError:
        try:
            return bucket.put_immutable(KEY, content, "text/csv")
        except S3ConflictError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(write, contents))
    assert results.count(True) == 1
    winner = contents[results.index(True)]
    assert _content(bucket) == winner
    lost = [result for result in results if isinstance(result, S3ConflictError)]
    assert len(lost) == 7
    assert {error.found_sha256 for error in lost} == {sha256(winner).hexdigest()}


@WRITES
def test_a_bucket_that_is_missing_is_told_with_what_to_do(bucket: Bucket, write: Write) -> None:
    missing = Bucket(bucket.client, "no-such-bucket", RetryPolicy(first_wait=0))
    with pytest.raises(S3RefusedError) as caught:
        write(missing, KEY, b"content", "text/csv")
    assert caught.value.code == "NoSuchBucket"
    assert str(caught.value) == (
        f"S3 refused s3://no-such-bucket/{KEY}: 404 NoSuchBucket: The specified bucket does not exist "
        "(create the bucket, or correct s3.bucket or S3_BUCKET)"
    )


def test_a_bucket_name_that_cannot_be_one_is_refused_at_once(bucket: Bucket) -> None:
    impossible = Bucket(bucket.client, "no bucket!", RetryPolicy(first_wait=60))
    with pytest.raises(S3RefusedError, match="s3://no bucket!/key") as caught:
        impossible.replace("key", b"content", "text/csv", None)
    assert caught.value.code == "ParamValidationError"


@WRITES
def test_an_address_where_nobody_listens_is_unavailable(account: S3Account, write: Write) -> None:
    with create_server(("127.0.0.1", 0)) as socket:
        endpoint = f"http://127.0.0.1:{socket.getsockname()[1]}"
    opened = account.open_bucket("prices", endpoint)
    assert opened is not None
    with pytest.raises(S3UnavailableError, match=f"no answer from S3 for s3://prices/{KEY}"):
        write(Bucket(opened.client, "prices", RetryPolicy(attempts=1)), KEY, b"content", "text/csv")


def test_the_specs_own_endpoint_goes_before_the_accounts(account: S3Account, s3_url: str) -> None:
    elsewhere = S3Account(account.session, "http://127.0.0.1:1")
    opened = elsewhere.open_bucket("prices", s3_url)
    assert opened is not None
    assert opened.client.meta.endpoint_url == s3_url
    fallen_back = elsewhere.open_bucket("prices", None)
    assert fallen_back is not None
    assert fallen_back.client.meta.endpoint_url == "http://127.0.0.1:1"


@pytest.mark.usefixtures("aws_environment")
def test_the_environment_gives_credentials_and_endpoint(monkeypatch: pytest.MonkeyPatch, s3_url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    opened = S3Account.from_environment().open_bucket("prices", None)
    assert opened is not None
    assert opened.client.meta.endpoint_url == s3_url
    assert opened.location("a/b") == "s3://prices/a/b"


@pytest.mark.usefixtures("aws_environment")
def test_a_profile_gives_credentials_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[made-up]\naws_access_key_id = a\naws_secret_access_key = b\n", encoding="utf-8"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "made-up")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert S3Account.from_environment().open_bucket("prices", None) is not None


@pytest.mark.usefixtures("aws_environment")
def test_without_credentials_there_is_no_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert S3Account(boto3.Session(), None).open_bucket("prices", None) is None
    assert S3Account.from_environment().open_bucket("prices", None) is None

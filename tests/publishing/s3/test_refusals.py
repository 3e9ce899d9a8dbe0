"""What a refusal of S3 says, and what to do about it: by a server that answers as it is told."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.errors import S3RefusedError, S3SettingsError, S3UnavailableError
from pipeline_lib.publishing.s3.objects import Bucket
from tests.publishing.s3.told_server import ToldServer

PERMISSIONS = (
    "the credentials need s3:PutObject and s3:GetObject on the prefix (rename and remove: s3:DeleteObject, "
    "too), s3:ListBucket on the bucket, and kms:GenerateDataKey and kms:Decrypt on a key of their own"
)
NEEDED = "the store has to know conditional writes and x-amz-checksum-sha256; docs/s3.md says more"
CLOCK = "set this machine's clock: it may differ from the store's by 15 minutes at most"
DENY = "a policy denies it whatever others allow: see the bucket's, the role's, the organization's"
TOKEN = "renew the AWS session token (aws sso login, or where else it comes from)"


def region(name: str) -> str:
    return f"set AWS_DEFAULT_REGION, or region_name of the connection, to {name}"


@pytest.mark.parametrize(
    ("status", "code", "message", "hint"),
    [
        (403, "AccessDenied", "Access Denied", PERMISSIONS),
        (403, "AccessDenied", "", PERMISSIONS),
        (
            403,
            "AccessDenied",
            "User: arn:aws:iam::1:user/x is not authorized to perform: s3:PutObject",
            PERMISSIONS,
        ),
        (
            403,
            "AccessDenied",
            "User: x is not authorized to perform: s3:PutObject with an explicit deny",
            DENY,
        ),
        (403, "AccessDenied", "Cannot upload files, storage cap exceeded. See the Caps & Alerts page.", ""),
        (403, "AccessDenied", "Account is not in good standing", ""),
        (403, "AccessDenied", "Request has expired", CLOCK),
        (403, "RequestTimeTooSkewed", "The difference between the request time and now is too large.", CLOCK),
        (
            400,
            "AuthorizationHeaderMalformed",
            "The region 'us-east-1' is wrong; expecting 'eu-central-1'",
            region("eu-central-1"),
        ),
        (400, "AuthorizationHeaderMalformed", "The authorization header is malformed.", ""),
        (
            400,
            "AuthorizationHeaderMalformed",
            "region: expecting '<b>'",
            region("that of the bucket"),
        ),
        (400, "InvalidArgument", "Unsupported header 'x-amz-sdk-checksum-algorithm'", NEEDED),
        (400, "InvalidRequest", "If-None-Match is not supported here", NEEDED),
        (
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            NEEDED,
        ),
        (501, "Odd", "", NEEDED),
        (403, "InvalidAccessKeyId", "The key does not exist", "check the AWS credentials"),
        (403, "SignatureDoesNotMatch", "It does not match", "check the AWS credentials"),
        (400, "ExpiredToken", "The provided token has expired.", TOKEN),
        (404, "NoSuchBucket", "It does not exist", "create the bucket, or correct s3.bucket or S3_BUCKET"),
        (400, "BadDigest", "The SHA256 you specified did not match", ""),
    ],
)
def test_a_refusal_says_what_the_store_says_and_hints_at_nothing_else(
    told_bucket: Bucket, server: ToldServer, status: int, code: str, message: str, hint: str
) -> None:
    server.answers, server.message = [(status, code)], message
    with pytest.raises(S3RefusedError) as caught:
        told_bucket.put_immutable("key", b"content", "text/csv")
    assert (caught.value.code, caught.value.reason, caught.value.hint) == (code, message, hint)
    ending = f": {message}" if message else ""
    assert caught.value.message == f"S3 refused s3://prices/key: {status} {code}{ending}"
    assert len(server.received) == 1


def test_the_region_of_a_redirect_is_in_its_header(told_bucket: Bucket, server: ToldServer) -> None:
    server.answers = [(301, "PermanentRedirect")]
    server.headers = {"x-amz-bucket-region": "eu-west-3"}
    with pytest.raises(S3RefusedError) as caught:
        told_bucket.put_immutable("key", b"content", "text/csv")
    assert caught.value.hint == region("eu-west-3")


@pytest.mark.parametrize("status", [400, 403])
def test_a_head_without_a_reason_is_asked_for_it(
    told_bucket: Bucket, server: ToldServer, status: int
) -> None:
    server.refuses_heads_with, server.answers = status, [(403, "RequestTimeTooSkewed")]
    with pytest.raises(S3RefusedError) as caught:
        told_bucket.find("key")
    assert (caught.value.code, caught.value.hint) == ("RequestTimeTooSkewed", CLOCK)
    assert server.received == [("GET", None)]


def test_a_head_that_no_get_explains_is_a_refusal_all_the_same(
    told_bucket: Bucket, server: ToldServer
) -> None:
    server.refuses_heads_with, server.answers = 403, [(200, b"x")]
    with pytest.raises(S3RefusedError) as caught:
        told_bucket.find("key")
    assert str(caught.value) == f"S3 refused s3://prices/key: 403 ({PERMISSIONS})"


def test_what_a_busy_store_says_is_told(told_bucket: Bucket, server: ToldServer) -> None:
    server.answers, server.message = [(503, "SlowDown")], "Please reduce\n\nyour request rate."
    with pytest.raises(S3UnavailableError) as caught:
        told_bucket.put_immutable("key", b"content", "text/csv")
    assert (
        str(caught.value) == "S3 answered 503 SlowDown for s3://prices/key: Please reduce your request rate."
    )


@pytest.mark.parametrize("status", [400, 503])
def test_a_secret_that_the_store_repeats_is_told_by_nobody(
    told_bucket: Bucket, server: ToldServer, status: int
) -> None:
    server.answers = [(status, "Odd")]
    server.message = "bad token a-token-of-the-session of https://me:a-password@store, key made-up-secret"
    with pytest.raises((S3RefusedError, S3UnavailableError)) as caught:
        told_bucket.put_immutable("key", b"content", "text/csv")
    assert str(caught.value).endswith(": bad token *** of https://***@store, key ***")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    message=st.text(st.characters(blacklist_categories=["Cs"], min_codepoint=32), max_size=1000),
    status=st.sampled_from([301, 400, 401, 403, 405, 501]),
)
def test_whatever_the_store_says_stands_short_on_one_line(
    told_bucket: Bucket, server: ToldServer, message: str, status: int
) -> None:
    server.answers, server.message = [(status, "Odd")], message
    with pytest.raises(S3RefusedError) as caught:
        told_bucket.put_immutable("key", b"content", "text/csv")
    assert len(caught.value.reason) <= 200
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html><body>a page</html>", S3UnavailableError),
        (b"<ListBucketResult><Contents><Size>x</Size></Contents></ListBucketResult>", S3SettingsError),
    ],
)
def test_an_answer_that_is_no_s3_has_a_type(
    told_bucket: Bucket, server: ToldServer, body: bytes, error: type[Exception]
) -> None:
    server.answers = [(200, body)]
    with pytest.raises(error):
        list(told_bucket.list_objects("raw/"))

"""Objects in an S3 bucket: those that must never change, and those that are replaced whole."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pipeline_lib.errors import S3ConflictError, S3RefusedError, S3UnavailableError, StoreError
from pipeline_lib.retrying import RetryPolicy

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import ClientError
    from types_boto3_s3 import S3Client

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_ATTEMPTS = 5

# 409: another conditional write was under way; which of the two won shows at the next try.
_TEMPORARY_STATUSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)

_HINTS = {
    "NoSuchBucket": "create the bucket, or correct s3.bucket or S3_BUCKET",
    "AccessDenied": "the credentials need s3:PutObject and s3:GetObject on the prefix",
    "InvalidAccessKeyId": "check the AWS credentials",
    "SignatureDoesNotMatch": "check the AWS credentials",
    "ExpiredToken": "renew the AWS session token",
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that this process may write to.

    Attributes:
        client: boto3's S3 client.
        name: The bucket.
        retry_policy: For what boto3's own retries leave over.
    """

    client: "S3Client"
    name: str
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    def put_immutable(self, key: str, content: bytes, content_type: str) -> bool:
        """Write an object that no later call changes.

        Returns:
            True when this call made the object, False when it was there with the same content.

        Raises:
            S3ConflictError: It is there with other content.
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request.
        """
        try:
            self._put(key, content, content_type, {"IfNoneMatch": "*"})
        except _AlreadyThereError:
            self._compare(key, content)
            return False
        return True

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Write an object, or replace it whole.

        Raises:
            S3UnavailableError: No usable answer from S3, after all tries.
            S3RefusedError: S3 refused the request.
        """
        self._put(key, content, content_type, {})

    def location(self, key: str) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.name}/{key}"

    def _put(self, key: str, content: bytes, content_type: str, condition: dict[str, Any]) -> None:
        checksum = b64encode(hashlib.sha256(content).digest()).decode()
        self._call(
            key,
            lambda: self.client.put_object(
                Bucket=self.name,
                Key=key,
                Body=content,
                ContentType=content_type,
                ChecksumSHA256=checksum,
                **condition,
            ),
        )

    def _compare(self, key: str, content: bytes) -> None:
        found = self._call(key, lambda: self._get(key))
        if found != content:
            raise S3ConflictError(
                self.location(key),
                expected_sha256=hashlib.sha256(content).hexdigest(),
                found_sha256=hashlib.sha256(found).hexdigest(),
            )

    def _get(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def _call(self, key: str, function: Callable[[], Any]) -> Any:  # noqa: ANN401 (boto3's answer)
        return self.retry_policy.call(lambda: self._call_once(key, function))

    def _call_once(self, key: str, function: Callable[[], Any]) -> Any:  # noqa: ANN401 (boto3's answer)
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError  # heavy

        try:
            return function()
        except ClientError as error:
            raise _translate(error, self.location(key)) from error
        except ParamValidationError as error:
            # boto3 sends no request that can't be right, such as one for a bucket of an impossible name.
            reason = " ".join(str(error).split())
            raise S3RefusedError(
                f"no request to S3 for {self.location(key)}: {reason}", code="ParamValidationError"
            ) from error
        except BotoCoreError as error:
            raise S3UnavailableError(f"no answer from S3 for {self.location(key)}: {error}") from error


class _AlreadyThereError(StoreError):
    """S3 answered 412 to a conditional write."""


@dataclass(frozen=True, slots=True)
class S3Account:
    """Who this process is for S3, and where S3 is.

    Attributes:
        session: boto3's session, with credentials or without.
        endpoint_url: An S3-compatible store, or None to leave it to boto3 (``AWS_ENDPOINT_URL``, else AWS).
    """

    session: "boto3.Session"
    endpoint_url: str | None

    @classmethod
    def from_environment(cls) -> "S3Account":
        """Credentials by the ordinary AWS chain: environment, profile, ``~/.aws``, role.

        Raises:
            S3RefusedError: The profile doesn't exist, or ``~/.aws`` can't be read.
        """
        import boto3

        with _refusing_broken_configuration():
            return cls(boto3.Session(), None)

    def open_bucket(self, name: str, endpoint_url: str | None) -> Bucket | None:
        """The bucket ``name``, or None when there are no credentials.

        Args:
            name: The bucket.
            endpoint_url: Goes before the account's own.

        Raises:
            S3RefusedError: There is half a pair of credentials, or ``~/.aws`` can't be read.
        """
        with _refusing_broken_configuration():
            if self.session.get_credentials() is None:
                return None
        from botocore.config import Config

        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        )
        endpoint = endpoint_url or self.endpoint_url
        return Bucket(self.session.client("s3", endpoint_url=endpoint, config=config), name)


@contextmanager
def _refusing_broken_configuration() -> Iterator[None]:
    from botocore.exceptions import ConfigParseError, PartialCredentialsError, ProfileNotFound

    try:
        yield
    except (ConfigParseError, PartialCredentialsError, ProfileNotFound) as error:
        raise S3RefusedError(
            f"the AWS credentials can't be used: {error}",
            code=type(error).__name__,
            hint="check AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the files in ~/.aws",
        ) from error


def _translate(error: "ClientError", location: str) -> StoreError:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == HTTPStatus.PRECONDITION_FAILED:
        return _AlreadyThereError(f"{location} exists")
    if status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return S3UnavailableError(f"S3 answered {status} {code} for {location}")
    return S3RefusedError(f"S3 refused {location}: {status} {code}", code=code, hint=_HINTS.get(code, ""))

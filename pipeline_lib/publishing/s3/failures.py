"""What boto3 raises, as this package's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_lib.errors import S3RefusedError, S3UnavailableError, StoreError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# 409: another conditional write was under way; which of the two won shows at the next try.
_TEMPORARY_STATUSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)

_PERMISSIONS = (
    "the credentials need s3:PutObject and s3:GetObject on the prefix, s3:ListBucket on the bucket, and "
    "kms:GenerateDataKey and kms:Decrypt on a key of their own"
)
_NEEDED = "the store has to know conditional writes and x-amz-checksum-sha256; docs/s3.md says more"
_HINTS = {
    "NoSuchBucket": "create the bucket, or correct s3.bucket or S3_BUCKET",
    "AccessDenied": _PERMISSIONS,
    # What a HEAD is answered has no body, so its code is the status.
    "403": _PERMISSIONS,
    "InvalidAccessKeyId": "check the AWS credentials",
    "SignatureDoesNotMatch": "check the AWS credentials",
    "ExpiredToken": "renew the AWS session token",
    "InvalidStorageClass": "correct s3.storage_class",
    "InvalidObjectState": "restore the object, and choose an s3.storage_class that can be read at once",
    "NotImplemented": _NEEDED,
}


class ConditionFailedError(StoreError):
    """S3 answered 412 to a conditional request, or 404 to one for an object that isn't there any more."""


@contextmanager
def translated_failures(location: str) -> Iterator[None]:
    """Raise what boto3 raises inside as an error of this package.

    Args:
        location: ``s3://bucket/key``, for the texts.

    Raises:
        ConditionFailedError: The condition of the request doesn't hold.
        S3UnavailableError: No usable answer.
        S3RefusedError: S3 said no, or boto3 knows that it would.
    """
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError  # heavy

    try:
        yield
    except ClientError as error:
        raise _translate(error, location) from error
    except ParamValidationError as error:
        # boto3 sends no request that can't be right, such as one for a bucket of an impossible name.
        reason = " ".join(str(error).split())
        raise S3RefusedError(
            f"no request to S3 for {location}: {reason}", code="ParamValidationError"
        ) from error
    except BotoCoreError as error:
        raise S3UnavailableError(f"no answer from S3 for {location}: {error}") from error


@contextmanager
def refusing_broken_configuration() -> Iterator[None]:
    """Raise what boto3 finds wrong with ``~/.aws`` and ``AWS_*`` as a refusal.

    Raises:
        S3RefusedError: The profile doesn't exist, half a pair of credentials, or a file that can't be read.
    """
    from botocore.exceptions import ConfigParseError, PartialCredentialsError, ProfileNotFound

    try:
        yield
    except (ConfigParseError, PartialCredentialsError, ProfileNotFound) as error:
        raise S3RefusedError(
            f"the AWS credentials can't be used: {error}",
            code=type(error).__name__,
            hint="check AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the files in ~/.aws",
        ) from error


def is_missing(error: "ClientError") -> bool:
    """Whether S3 said that there is no such object."""
    return _code(error) in ("404", "NoSuchKey", "NotFound")


def _code(error: "ClientError") -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _translate(error: "ClientError", location: str) -> StoreError:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    # A write on the condition of an ETag, to an object that was deleted meanwhile, is answered NoSuchKey.
    if status == HTTPStatus.PRECONDITION_FAILED or is_missing(error):
        return ConditionFailedError(f"S3 answered {status} {code} for {location}")
    # A store that doesn't know a feature won't know it at the next try either.
    lasting = status == HTTPStatus.NOT_IMPLEMENTED
    if not lasting and (status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR):
        return S3UnavailableError(f"S3 answered {status} {code} for {location}")
    return S3RefusedError(
        f"S3 refused {location}: {status} {code}",
        code=code,
        hint=_HINTS.get(code, _NEEDED if lasting else ""),
    )

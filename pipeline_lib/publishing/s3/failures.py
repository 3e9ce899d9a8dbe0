"""What S3 answers and boto3 raises, as this package's errors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import S3RefusedError, S3UnavailableError, StoreError
from pipeline_lib.publishing.s3.hints import hint_for
from pipeline_lib.publishing.s3.unusable_settings import fit, is_transport, translate_unusable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# 409: another conditional write was under way; which of the two won shows at the next try.
_TEMPORARY_STATUSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
_OPERATIONS = ("PutObject", "GetObject", "HeadObject", "ListObjectsV2", "HeadBucket")
# What boto3 has for a HEAD, or for an answer without a body: the status in words, which says nothing.
_STATUS_PHRASES = frozenset(status.phrase for status in HTTPStatus)


class ConditionFailedError(StoreError):
    """S3 answered 412 to a conditional request, or 404 to one for an object that isn't there any more."""


@contextmanager
def translated_failures(location: str, secrets: Sequence[Secret] = ()) -> Iterator[None]:
    """Raise what boto3 raises inside as an error of this package.

    Args:
        location: ``s3://bucket/key``, for the texts.
        secrets: What S3 knows and no text may repeat.

    Raises:
        ConditionFailedError: The condition of the request doesn't hold.
        S3UnavailableError: No usable answer.
        S3RefusedError: S3 said no, or boto3 knows that it would.
        S3SettingsError: No request can be made with these settings and credentials.
    """
    from botocore.exceptions import ClientError, ParamValidationError  # heavy

    try:
        yield
    except StoreError:
        raise
    except ClientError as error:
        # Credentials may be renewed by other services while S3 is called.
        if error.operation_name not in _OPERATIONS:
            raise translate_unusable(error, secrets) from error
        raise _translate(error, location, secrets) from error
    except ParamValidationError as error:
        # boto3 sends no request that can't be right, such as one for a bucket of an impossible name.
        reason = fit(str(error), secrets)
        raise S3RefusedError(
            f"no request to S3 for {location}: {reason}", code="ParamValidationError", reason=reason
        ) from error
    except Exception as error:
        if is_transport(error):
            reason = fit(str(error), secrets)
            raise S3UnavailableError(f"no answer from S3 for {location}: {reason}") from error
        raise translate_unusable(error, secrets) from error


def is_missing(error: "ClientError") -> bool:
    """Whether S3 said that there is no such object."""
    return code_of(error) in ("404", "NoSuchKey", "NotFound")


def is_unexplained(error: "ClientError") -> bool:
    """Whether S3 refused without a body, as it answers HEAD, so that the status is all that it said."""
    code = code_of(error)
    return code.isdecimal() and HTTPStatus.BAD_REQUEST <= int(code) < HTTPStatus.INTERNAL_SERVER_ERROR


def code_of(error: "ClientError") -> str:
    """S3's error code; the status of an answer without a body."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _translate(error: "ClientError", location: str, secrets: Sequence[Secret]) -> StoreError:
    code = fit(code_of(error), secrets)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    # A write on the condition of an ETag, to an object that was deleted meanwhile, is answered NoSuchKey.
    if status == HTTPStatus.PRECONDITION_FAILED or is_missing(error):
        return ConditionFailedError(f"S3 answered {status} {code} for {location}")
    reason = fit(str(error.response.get("Error", {}).get("Message") or ""), secrets)
    if reason in _STATUS_PHRASES:
        reason = ""
    said = f"{status} {code}" if code != str(status) else code
    ending = f": {reason}" if reason else ""
    # A store that doesn't know a feature won't know it at the next try either.
    lasting = status == HTTPStatus.NOT_IMPLEMENTED
    if not lasting and (status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR):
        return S3UnavailableError(f"S3 answered {said} for {location}{ending}")
    return S3RefusedError(
        f"S3 refused {location}: {said}{ending}",
        code=code,
        reason=reason,
        hint=hint_for(error, code, reason),
    )

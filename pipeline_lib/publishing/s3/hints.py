"""What to do about a refusal of S3, by its code and by what it says."""

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_PERMISSIONS = (
    "the credentials need s3:PutObject and s3:GetObject on the prefix (rename and remove: s3:DeleteObject, "
    "too), s3:ListBucket on the bucket, and kms:GenerateDataKey and kms:Decrypt on a key of their own"
)
_EXPLICIT_DENY = "a policy denies it whatever others allow: see the bucket's, the role's, the organization's"
_NEEDED = "the store has to know conditional writes and x-amz-checksum-sha256; docs/s3.md says more"
_CLOCK = "set this machine's clock: it may differ from the store's by 15 minutes at most"
_KEYS = "check the AWS credentials"
_TOKEN = "renew the AWS session token (aws sso login, or where else it comes from)"  # noqa: S105 (no password)
_HINTS = {
    "NoSuchBucket": "create the bucket, or correct s3.bucket or S3_BUCKET",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "ExpiredToken": _TOKEN,
    "InvalidToken": _TOKEN,
    "TokenRefreshRequired": _TOKEN,
    "RequestTimeTooSkewed": _CLOCK,
    "InvalidStorageClass": "correct s3.storage_class",
    "InvalidObjectState": "restore the object, and choose an s3.storage_class that can be read at once",
    "NotImplemented": _NEEDED,
}
_DENIED = ("AccessDenied", "AccessDeniedException", "403")
_OTHER_REGION = (
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "TemporaryRedirect",
    "IllegalLocationConstraintException",
    "301",
)
# The texts that say no more than the code.
_PLAIN_DENIAL = re.compile(r"(access ?denied|forbidden|unauthorized)?\.?", re.IGNORECASE)
_UNAUTHORIZED = re.compile(r"not authorized to perform", re.IGNORECASE)
_DENY = re.compile(r"explicit(ly)? den(y|ied)", re.IGNORECASE)
_SKEW = re.compile(r"skew|difference between the request time|request has expired", re.IGNORECASE)
_HEADERS = re.compile(
    r"x-amz-(sdk-)?checksum|x-amz-trailer|content-sha256|aws-chunked|if-(none-)?match|conditional",
    re.IGNORECASE,
)
_EXPECTED_REGION = re.compile(r"expecting '([^']*)'")
_REGION = re.compile(r"[a-z0-9-]{2,40}")


def hint_for(error: "ClientError", code: str, reason: str) -> str:
    """What to do, or an empty string where what S3 says has to do.

    Args:
        error: The refusal as boto3 raised it.
        code: S3's error code.
        reason: What S3 says, or an empty string where it says no more than the code.
    """
    if _SKEW.search(reason):
        return _CLOCK
    region = _bucket_region(error, reason)
    if code in _OTHER_REGION and (region or "region" in reason.lower() or not reason):
        return (
            f"set AWS_DEFAULT_REGION, or region_name of the connection, to {region or 'that of the bucket'}"
        )
    if code in _HINTS:
        return _HINTS[code]
    if code in _DENIED:
        return _denial(reason)
    return _NEEDED if _HEADERS.search(reason) or _is_unknown_feature(error) else ""


def _denial(reason: str) -> str:
    """Permissions help only where they lack: a store also denies for full disks and unpaid bills."""
    if _DENY.search(reason):
        return _EXPLICIT_DENY
    return _PERMISSIONS if _PLAIN_DENIAL.fullmatch(reason) or _UNAUTHORIZED.search(reason) else ""


def _bucket_region(error: "ClientError", reason: str) -> str:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    said = error.response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region", "")
    found = _EXPECTED_REGION.search(reason)
    region = str(said or (found[1] if found else ""))
    return region if _REGION.fullmatch(region) else ""


def _is_unknown_feature(error: "ClientError") -> bool:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status == HTTPStatus.NOT_IMPLEMENTED

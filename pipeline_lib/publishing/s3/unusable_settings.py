"""What boto3 can't use of settings and credentials, as one permanent error that says what to check."""

import os
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline_lib.common.http.foreign_text import shorten
from pipeline_lib.common.secret import Secret, redacted
from pipeline_lib.errors import S3SettingsError, S3UnavailableError, StoreError
from pipeline_lib.settings import secrets_of

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from botocore.exceptions import ClientError, HTTPClientError

ENDPOINT_VARIABLES = "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or endpoint_url in ~/.aws/config"

_LOGIN = "log in again: aws sso login (with --profile where one is used)"
# By the name of boto3's exception, or of one that it is a kind of.
_HINTS = {
    "ProfileNotFound": "check AWS_PROFILE and the profiles in ~/.aws/config",
    "PartialCredentialsError": "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the profile in ~/.aws",
    "ConfigParseError": "correct the file; AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name it",
    "InvalidRegionError": "check AWS_DEFAULT_REGION, or region in ~/.aws/config: such as eu-central-1",
    "NoRegionError": "set AWS_DEFAULT_REGION, or region in ~/.aws/config: such as eu-central-1",
    "SSOError": _LOGIN,
    "TokenRetrievalError": _LOGIN,
    "PendingAuthorizationExpiredError": _LOGIN,
    "InvalidChecksumConfigError": (
        "check AWS_REQUEST_CHECKSUM_CALCULATION and AWS_RESPONSE_CHECKSUM_VALIDATION"
    ),
    "InvalidS3UsEast1RegionalEndpointConfigError": "check AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
    "InvalidDefaultsMode": "check AWS_DEFAULTS_MODE",
    "InvalidConfigError": "check the AWS_* variables and ~/.aws/config",
    "SSLError": "check AWS_CA_BUNDLE, and whether https is right in the store's address",
    "HTTPClientError": "check HTTP_PROXY, HTTPS_PROXY and AWS_CA_BUNDLE",
    "ResponseParserError": f"what answers is no S3: check s3.endpoint_url, {ENDPOINT_VARIABLES}",
    "EOFError": "a role with mfa_serial needs a code, which nobody can type here: use a session token",
}
_PROVIDER_HINTS = {
    "custom-process": "run the credential_process of ~/.aws/config by hand",
    "container-role": "check AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
}
_USUAL_HINT = "check the AWS_* variables, and credential_process and the other entries of ~/.aws/config"
# They pass by themselves, and come under these names with a status of 400.
_TEMPORARY_CODES = ("Throttling", "ThrottlingException", "IDPCommunicationError", "RequestLimitExceeded")
_PASSING_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError, ConnectionError, TimeoutError)
_PRINTABLE = re.compile(r"[!-~]+")
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]+")
_PASSWORD = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")


@contextmanager
def refusing_unusable_settings(
    endpoint_name: str = ENDPOINT_VARIABLES, connection: str | None = None
) -> Iterator[None]:
    """Raise whatever boto3 raises of settings and credentials as one error.

    Beside its own exceptions it lets through what the standard library and the programs raise that it reads
    credentials with: ``ValueError``, ``OSError``, ``AttributeError``, ``RuntimeError``, ``EOFError`` …

    Args:
        endpoint_name: What the store's address is written in, for the hint.
        connection: The Airflow connection that all of it comes from, or None.

    Raises:
        S3SettingsError: They can't be used.
        S3UnavailableError: Who gives the credentials can't be reached.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise translate_unusable(error, endpoint_name=endpoint_name, connection=connection) from error


def translate_unusable(
    error: Exception,
    secrets: Sequence[Secret] = (),
    *,
    endpoint_name: str = ENDPOINT_VARIABLES,
    connection: str | None = None,
) -> StoreError:
    """What boto3 raised without an answer of S3, as an error of this package.

    Args:
        error: What it raised.
        secrets: What must not be repeated, beside the secrets of the environment.
        endpoint_name: What the store's address is written in, for the hint.
        connection: The Airflow connection that all of it comes from, or None.
    """
    from botocore.exceptions import ClientError  # heavy

    text = fit(str(error), secrets) or type(error).__name__
    if is_transport(error) or (isinstance(error, ClientError) and _passes(error)):
        return S3UnavailableError(f"the AWS credentials can't be had for now: {text}")
    if isinstance(error, ValueError) and str(error).startswith(("Invalid endpoint", "Invalid IPv6")):
        hint = f"check {endpoint_name}, such as https://minio.example.com:9000, and the region"
    else:
        hint = f"check the connection {connection}" if connection else _hint(error)
    return S3SettingsError(f"S3 can't be used: {text}", code=type(error).__name__, hint=hint)


def is_transport(error: BaseException) -> bool:
    """Whether a request got no whole answer, and not because of what it was made with."""
    from botocore.exceptions import (  # heavy
        HTTPClientError,
        IncompleteReadError,
        MetadataRetrievalError,
        ResponseStreamingError,
    )

    passing = (
        IncompleteReadError,
        MetadataRetrievalError,
        ResponseStreamingError,
        ConnectionError,
        TimeoutError,
    )
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, HTTPClientError):
            return not _is_of_settings(cause)
        if isinstance(cause, passing):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def require_usable_address(address: str, endpoint_name: str) -> None:
    """Refuse an address of a store that no request can be sent to, or that holds a password.

    Args:
        address: As boto3 has it.
        endpoint_name: What it is written in. The address itself isn't repeated.

    Raises:
        S3SettingsError: It can't be used.
    """
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    else:
        is_usable = is_usable and not (parts.username or parts.password or parts.query or parts.fragment)
    if not is_usable:
        raise S3SettingsError(
            "S3 can't be used: the store's address is none",
            code="InvalidEndpoint",
            hint=f"check {endpoint_name}: such as https://minio.example.com:9000",
        )


def require_usable_keys(keys: "ReadOnlyCredentials") -> None:
    """Refuse keys with letters that no header can carry; libraries would repeat them.

    Raises:
        S3SettingsError: One has such a letter.
    """
    for value, pattern, name in (
        (keys.access_key, _PRINTABLE, "AWS_ACCESS_KEY_ID"),
        (keys.secret_key, _ONE_LINE, "AWS_SECRET_ACCESS_KEY"),
        (keys.token, _PRINTABLE, "AWS_SESSION_TOKEN"),
    ):
        if value and not pattern.fullmatch(value):
            raise S3SettingsError(
                f"S3 can't be used: {name} holds a letter that no key has",
                code="InvalidCredentials",
                hint=f"check {name}, or the profile's or the connection's: is there a line break?",
            )


def fit(text: str, secrets: Sequence[Secret]) -> str:
    """A text of boto3's or of the store's, on one short line, without secrets."""
    hidden = redacted(text, (*secrets, *secrets_of(os.environ)))
    return shorten(_PASSWORD.sub("***", hidden))


def _is_of_settings(error: "HTTPClientError") -> bool:
    """Whether a request failed for what it was made with: a certificate, a proxy's address, a header."""
    kind, inner = type(error).__name__, error.kwargs.get("error")
    if kind == "SSLError":
        reasons = getattr(inner, "args", ())
        return not (reasons and isinstance(reasons[0], _PASSING_TLS))
    # What the client raised that is none of the kinds that boto3 knows.
    return kind == "HTTPClientError" and isinstance(inner, ValueError | FileNotFoundError)


def _passes(error: "ClientError") -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code", "")
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _TEMPORARY_CODES


def _hint(error: Exception) -> str:
    provider = getattr(error, "kwargs", {}).get("provider", "")
    if provider in _PROVIDER_HINTS:
        return _PROVIDER_HINTS[provider]
    hint = next((_HINTS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _HINTS), None)
    return hint or _named_in(str(error)) or _USUAL_HINT


def _named_in(text: str) -> str:
    """The hint to check the variables whose values the text repeats, or an empty one."""
    words = set(re.split(r"[\s'\"(),:]+", text))
    secret = {each.reveal() for each in secrets_of(os.environ)}
    names = [
        name
        for name, value in sorted(os.environ.items())
        if name.startswith("AWS_") and value not in {"", *secret} and (value in words or f"'{value}'" in text)
    ]
    return f"check {' and '.join(names)}" if names else ""

"""One GET to CoinGecko: bounded in time and size, never redirected, each failure with its type."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pipeline_lib.common.deadline import DeadlinePassedError, call_within
from pipeline_lib.common.retries import parse_retry_after
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import (
    MarketError,
    MarketUnavailableError,
    RequestRefusedError,
    UnexpectedAnswerError,
)
from pipeline_lib.market.error_bodies import read_api_error, shorten
from pipeline_lib.market.quota.calls import CallQuota

if TYPE_CHECKING:
    import requests

_CHUNK_BYTES = 64 * 1024
# What an error says stands at its start; a web page of megabytes must not hide the status.
_MOST_ERROR_BYTES = 64 * 1024

_TEMPORARY_STATUSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_REDIRECTS = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
_PAID_HOST = "pro-api.coingecko.com"

_HINTS_BY_CODE = {
    10002: "set COINGECKO_API_KEY, or check that the key is right",
    10005: "the plan behind COINGECKO_API_KEY doesn't include this request",
    10010: f"a paid key belongs to COINGECKO_BASE_URL=https://{_PAID_HOST}/api/v3",
    10011: "a demo key belongs to COINGECKO_BASE_URL=https://api.coingecko.com/api/v3",
    10012: "the plan reaches back 365 days",
}
_HINTS_BY_STATUS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "check COINGECKO_API_KEY and COINGECKO_BASE_URL",
    HTTPStatus.FORBIDDEN: "check COINGECKO_API_KEY, and whether CoinGecko shuts this network out",
    HTTPStatus.NOT_FOUND: "check the coin's id and COINGECKO_BASE_URL",
    HTTPStatus.TOO_MANY_REQUESTS: (
        "too many calls for the plan; it is tried again by itself, and if it lasts, set COINGECKO_API_KEY,"
        " take a larger plan or run fewer pipelines"
    ),
}
_HINT_OF_A_FAILURE = "CoinGecko has trouble; it is tried again by itself"
_HINT_OF_A_REFUSAL = "check coin and vs_currency in the spec, and COINGECKO_BASE_URL"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer with status 200.

    Attributes:
        url: The request's address with its query; without a key.
        body: The bytes of the body.
    """

    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Transport:
    """How CoinGecko is reached.

    Attributes:
        base_url: Root of the API.
        api_key: Sent in the header that the host wants, or None.
        quota: What every request waits for, or None to ask without limit.
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest wait for the next byte.
        total_seconds: Longest time from the look-up of the name to the last byte.
        most_bytes: Size of the largest body, unpacked.
    """

    base_url: str
    api_key: Secret | None
    quota: CallQuota | None = None
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 30.0
    most_bytes: int = 16 * 1024 * 1024

    def get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Ask once.

        Raises:
            MarketUnavailableError: No answer in time, a broken one, or status 408, 429 or 5xx.
            RequestRefusedError: Any other status than 200, a redirect among them.
            UnexpectedAnswerError: The body is no JSON by its header, or larger than any true answer.
            CallQuotaError: No request may be made for now.
        """
        import requests  # heavy, and not needed to parse a DAG
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 (comes with requests)

        url = f"{self.base_url}{path}"
        if self.quota:
            self.quota.take_call()
        try:
            return call_within(self.total_seconds, lambda: self._ask(url, parameters))
        except DeadlinePassedError as error:
            raise MarketUnavailableError(
                f"{urlsplit(url).netloc} took longer than {self.total_seconds:g} s to answer",
                hint="check the network, or try later",
            ) from error
        except (requests.RequestException, HTTPError) as error:
            raise MarketUnavailableError(
                f"no answer from {urlsplit(url).netloc}: {_reason(error)}",
                hint="check the network, or try later",
            ) from error

    def _ask(self, url: str, parameters: Mapping[str, str]) -> Answer:
        import requests

        with requests.get(
            url,
            params=parameters,
            headers=self._headers(),
            proxies=self._proxies(),
            timeout=(self.connect_seconds, self.read_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != HTTPStatus.OK:
                raise _failure(response, _read_body(response, _MOST_ERROR_BYTES))
            # One byte more than allowed tells that there are too many.
            body = _read_body(response, self.most_bytes + 1)
        url = str(response.url)
        if len(body) > self.most_bytes:
            reason = f"CoinGecko's answer is larger than {self.most_bytes} bytes"
            raise UnexpectedAnswerError(reason).attach(body, url)
        _check_content_type(response, body)
        return Answer(url, body)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "coin-pipelines"}
        if self.api_key:
            # A dot at its end is part of the same host's full name.
            paid = (urlsplit(self.base_url).hostname or "").rstrip(".") == _PAID_HOST
            headers["x-cg-pro-api-key" if paid else "x-cg-demo-api-key"] = self.api_key.reveal()
        return headers

    def _proxies(self) -> dict[str, str]:
        # Plain http goes to this machine alone; a proxy of the environment would read the key on its way.
        return {"http": ""} if urlsplit(self.base_url).scheme == "http" else {}


def _read_body(response: "requests.Response", most_bytes: int) -> bytes:
    """The body, unpacked, and of a larger one its first ``most_bytes``."""
    body = bytearray()
    # Each read takes what is there: iter_content would unpack a whole chunk, however large that gets.
    while len(body) < most_bytes and (chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True)):
        body += chunk
    return bytes(body[:most_bytes])


def _check_content_type(response: "requests.Response", body: bytes) -> None:
    # RFC 9110, 8.3: without the header the content itself decides.
    content_type = response.headers.get("Content-Type", "application/json")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        reason = f"CoinGecko's answer is of type {shorten(content_type)!r}, not JSON"
        raise UnexpectedAnswerError(reason).attach(body, str(response.url))


def _failure(response: "requests.Response", body: bytes) -> MarketError:
    status = response.status_code
    api_error = read_api_error(body)
    message = f"CoinGecko answered {status}" + (f": {api_error.text}" if api_error.text else "")
    if status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return MarketUnavailableError(
            message,
            status=status,
            retry_after=parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC)),
            hint=_HINTS_BY_STATUS.get(status, _HINT_OF_A_FAILURE),
        )
    if status in _REDIRECTS:
        return RequestRefusedError(
            f"CoinGecko answered {status}, a redirect to {_redirect_host(response)}",
            status=status,
            hint="no redirect is followed, since the key would go along; check COINGECKO_BASE_URL",
        )
    return RequestRefusedError(
        message,
        status=status,
        error_code=api_error.code,
        hint=_HINTS_BY_CODE.get(api_error.code or 0, _HINTS_BY_STATUS.get(status, _HINT_OF_A_REFUSAL)),
    )


def _redirect_host(response: "requests.Response") -> str:
    # The host alone: a query could hold anything.
    try:
        host = urlsplit(urljoin(str(response.url), response.headers.get("Location", ""))).hostname
    except ValueError:
        host = None
    return shorten(host or "no host")


def _reason(error: Exception) -> str:
    # requests wraps the cause two or three deep; the innermost says it in plain words.
    cause: BaseException = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return f"{type(error).__name__}, {shorten(str(cause))}"

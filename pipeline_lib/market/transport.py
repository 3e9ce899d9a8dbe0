"""One GET to CoinGecko: bounded in time and size, never redirected, each failure with its type."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline_lib.errors import (
    MarketError,
    MarketUnavailableError,
    RequestRefusedError,
    UnexpectedAnswerError,
)
from pipeline_lib.market.error_bodies import read_complaint
from pipeline_lib.market.quota import CallQuota
from pipeline_lib.retrying import parse_retry_after
from pipeline_lib.secret import Secret

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0
_TOTAL_SECONDS = 30.0
_MOST_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024

_TEMPORARY_STATUSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_PAID_HOST = "pro-api.coingecko.com"

_HINTS = {
    10002: "set COINGECKO_API_KEY, or check that the key is right",
    10005: "the plan behind COINGECKO_API_KEY doesn't include this request",
    10010: f"a paid key belongs to COINGECKO_BASE_URL=https://{_PAID_HOST}/api/v3",
    10011: "a demo key belongs to COINGECKO_BASE_URL=https://api.coingecko.com/api/v3",
    10012: "the plan reaches back 365 days",
}


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
    """

    base_url: str
    api_key: Secret | None
    quota: CallQuota | None = None

    def get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Ask once.

        Raises:
            MarketUnavailableError: No answer in time, a broken one, or status 408, 429 or 5xx.
            RequestRefusedError: Any other status than 200, a redirect among them.
            UnexpectedAnswerError: The body is larger than any true answer.
            CallQuotaError: No request may be made for now.
        """
        import requests  # heavy, and not needed to parse a DAG
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 (comes with requests)

        url = f"{self.base_url}{path}"
        if self.quota:
            self.quota.take_call()
        try:
            with requests.get(
                url,
                params=parameters,
                headers=self._headers(),
                proxies=self._proxies(),
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _read_body(response)
        except (requests.RequestException, HTTPError) as error:
            raise MarketUnavailableError(
                f"no answer from {urlsplit(url).netloc}: {_reason(error)}",
                hint="check the network, or try later",
            ) from error
        if response.status_code != HTTPStatus.OK:
            raise _failure(response, body)
        return Answer(url=str(response.url), body=body)

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


def _read_body(response: "requests.Response") -> bytes:
    # The read time-out starts again with each byte; only a deadline of its own ends a trickle.
    # So each read takes what is there: iter_content would wait until a whole chunk has come in.
    deadline = time.monotonic() + _TOTAL_SECONDS
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > _MOST_BYTES:
            raise UnexpectedAnswerError(f"CoinGecko's answer is larger than {_MOST_BYTES} bytes")
        if time.monotonic() > deadline:
            raise MarketUnavailableError(f"CoinGecko's answer took longer than {_TOTAL_SECONDS:g} s")
    return bytes(body)


def _failure(response: "requests.Response", body: bytes) -> MarketError:
    status = response.status_code
    complaint = read_complaint(body)
    said = f": {complaint.text}" if complaint.text else ""
    if status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return MarketUnavailableError(
            f"CoinGecko answered {status}{said}",
            status=status,
            retry_after=parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC)),
        )
    return RequestRefusedError(
        f"CoinGecko answered {status}{said}",
        status=status,
        error_code=complaint.code,
        hint=_HINTS.get(complaint.code or 0, ""),
    )


def _reason(error: Exception) -> str:
    # requests wraps the cause two or three deep; the innermost says it in plain words.
    cause: BaseException = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return f"{type(error).__name__}, {cause}"

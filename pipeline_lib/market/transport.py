"""One GET to CoinGecko: bounded in time and size, never redirected, each failure with its type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from pipeline_lib.common import http
from pipeline_lib.common.http.foreign_text import shorten
from pipeline_lib.common.retries import parse_retry_after
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import (
    MarketError,
    MarketUnavailableError,
    NoAnswerError,
    RequestRefusedError,
    UnexpectedAnswerError,
)
from pipeline_lib.market.error_bodies import read_api_error
from pipeline_lib.market.quota.calls import Quota

_TEMPORARY_STATUSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_PAID_HOST = "pro-api.coingecko.com"

_HINTS_BY_CODE = {
    10002: "set COINGECKO_API_KEY, or check that the key is right",
    10005: "take a plan that includes this request: the one of COINGECKO_API_KEY doesn't",
    10010: f"set COINGECKO_BASE_URL=https://{_PAID_HOST}/api/v3, where a paid key belongs",
    10011: "set COINGECKO_BASE_URL=https://api.coingecko.com/api/v3, where a demo key belongs",
    10012: "ask for a later time: the plan reaches back 365 days",
}
_HINTS_BY_STATUS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "check COINGECKO_API_KEY and COINGECKO_BASE_URL",
    HTTPStatus.FORBIDDEN: (
        "check COINGECKO_API_KEY; where it is right, CoinGecko shuts this network out:"
        " take another one, or wait some hours"
    ),
    HTTPStatus.NOT_FOUND: "check the coin's id and COINGECKO_BASE_URL",
    HTTPStatus.TOO_MANY_REQUESTS: (
        "set COINGECKO_API_KEY, take a larger plan or run fewer pipelines:"
        " these are too many calls for the plan"
    ),
}
_HINT_OF_A_FAILURE = "wait until https://status.coingecko.com says that CoinGecko's trouble is over"
# A page in front of CoinGecko says so for a while; it doesn't go away within seconds.
_SHORTEST_WAIT_WHEN_FORBIDDEN = 60.0
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
        limits: How long and how large a call may get.
    """

    base_url: str
    api_key: Secret | None
    quota: Quota | None = None
    limits: http.Limits = field(default_factory=http.Limits)

    def get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Ask once.

        Raises:
            MarketUnavailableError: No answer in time, a broken one, status 408, 429 or 5xx, or 403 without a
                code about keys or plans.
            RequestRefusedError: Any other status than 200, a redirect among them.
            UnexpectedAnswerError: The body is no JSON by its header, or larger than any true answer.
            WaitNeededError: It is to be asked later.
            CallQuotaError: Nobody can say whether a request may be made.
        """
        if self.quota:
            self.quota.take_call()
        request = http.Request(
            "GET", f"{self.base_url}{path}", parameters, self._headers(), proxies=self._proxies()
        )
        try:
            answer = http.send(request, self.limits, (self.api_key,) if self.api_key else ())
        except NoAnswerError as error:
            raise MarketUnavailableError(error.message, hint=error.hint) from error
        if answer.status != HTTPStatus.OK:
            raise _failure(answer)
        self._check(answer)
        return Answer(answer.url, answer.body)

    def _check(self, answer: http.Answer) -> None:
        # RFC 9110, 8.3: without the header the content itself decides.
        content_type = answer.headers.get("content-type", "application/json")
        media_type = content_type.partition(";")[0].strip().lower()
        if not answer.is_whole:
            raise _unexpected(answer, f"is larger than {self.limits.most_bytes} bytes")
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise _unexpected(answer, f"is of type {shorten(content_type)!r}, not JSON")

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


def _unexpected(answer: http.Answer, reason: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(f"CoinGecko's answer {reason}").attach(answer.body, answer.url)


def _failure(answer: http.Answer) -> MarketError:
    status = answer.status
    if answer.redirect_host:
        return RequestRefusedError(
            f"CoinGecko answered {status}, a redirect to {answer.redirect_host}",
            status=status,
            hint="no redirect is followed, since the key would go along; check COINGECKO_BASE_URL",
        )
    api_error = read_api_error(answer.body)
    message = f"CoinGecko answered {status}" + (f": {api_error.text}" if api_error.text else "")
    retry_after = parse_retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
    if status == HTTPStatus.FORBIDDEN and api_error.code not in _HINTS_BY_CODE:
        return MarketUnavailableError(
            message,
            status=status,
            retry_after=max(retry_after or 0.0, _SHORTEST_WAIT_WHEN_FORBIDDEN),
            hint=_HINTS_BY_STATUS[status],
        )
    if status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return MarketUnavailableError(
            message,
            status=status,
            retry_after=retry_after,
            hint=_HINTS_BY_STATUS.get(status, _HINT_OF_A_FAILURE),
        )
    return RequestRefusedError(
        message,
        status=status,
        error_code=api_error.code,
        hint=_HINTS_BY_CODE.get(api_error.code or 0, _HINTS_BY_STATUS.get(status, _HINT_OF_A_REFUSAL)),
    )

"""Every way in which CoinGecko fails, one row each; ``docs/market.md`` shows the same table."""

import gzip
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from pipeline_lib.errors import (
    InvalidQuoteError,
    MarketError,
    MarketUnavailableError,
    MomentMismatchError,
    RequestRefusedError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.simulator.http.error_bodies import market_error
from tests.fixtures.far_end import (
    closes,
    drips,
    far_end,
    no_such_name,
    nobody_accepts,
    nobody_listens,
    nobody_trusts,
    resets,
    says_nothing,
    sends,
    sends_for_ever,
    sends_raw,
    stops_after,
)

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
IN_THE_TASK = "at once, then by Airflow"
BY_AIRFLOW = "by Airflow"
AFTER_A_MINUTE = "after a minute"
NEVER = "never"

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_HEADERS_OF_MANY = _OK + b"Content-Length: 9999\r\n\r\n"
_REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\n\r\n"
_CHALLENGE = b"<!doctype html><html><title>Attention Required! | Cloudflare</title><p>Ray ID"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_FIELDS = {
    "id": '"bitcoin"',
    "current_price": "7325.10",
    "market_cap": "123456789012",
    "total_volume": "9876543.5",
    "last_updated": '"2018-02-05T14:00:07.123Z"',
    "price_change_percentage_1h_in_currency": "-1.50",
    "price_change_percentage_24h_in_currency": "12.0",
}


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: What happens, as the page says it.
        far_end: Makes it happen; gives the base URL to ask.
        error: What the client raises.
        says: How its message goes on after CoinGecko's address, or begins.
        again: Who asks again.
        limits: Limits of ``Transport`` so short that a test needn't wait.
    """

    name: str
    far_end: Callable[[], AbstractContextManager[str]]
    error: type[MarketError]
    says: str
    again: str
    limits: Mapping[str, float] = field(default_factory=dict)


def _answers(body: bytes, **more: Any) -> Callable[[], AbstractContextManager[str]]:  # noqa: ANN401
    return lambda: far_end(sends(body, **more))


def _quotes(**changes: str | None) -> Callable[[], AbstractContextManager[str]]:
    """An answer with bitcoin's quote, some fields replaced, or left out with None."""
    return _answers(f"[{quote_text(**changes)}]".encode())


def quote_text(**changes: str | None) -> str:
    kept = {name: value for name, value in {**_FIELDS, **changes}.items() if value is not None}
    return "{" + ",".join(f'"{name}":{value}' for name, value in kept.items()) + "}"


def _complains(
    status: int,
    code: int | None = None,
    *,
    shape: str | None = None,
    retry_after: Callable[[], str] | None = None,
) -> Callable[[], AbstractContextManager[str]]:
    """An error in CoinGecko's words; a Retry-After is made when the test runs."""
    said = market_error(status, MOMENT, body=shape, error_code=code, headers={})

    def start() -> AbstractContextManager[str]:
        headers = {"retry_after": retry_after()} if retry_after else {}
        return far_end(sends(said.content, status=status, content_type=said.content_type, **headers))

    return start


def _in_seconds(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


_GOOD = f"[{quote_text()}]".encode()
_NO_ANSWER = r"no answer from 127\.0\.0\.1:\d+: "

CONNECTIONS = (
    Row("connection refused", nobody_listens, MarketUnavailableError, _NO_ANSWER, IN_THE_TASK),
    Row("connection reset", lambda: far_end(resets), MarketUnavailableError, _NO_ANSWER, IN_THE_TASK),
    Row("connection closed without an answer", lambda: far_end(closes), MarketUnavailableError,
        _NO_ANSWER, IN_THE_TASK),
    Row("name that DNS doesn't know", no_such_name, MarketUnavailableError,
        r"no answer from api\.coingecko\.invalid: .*Name or service not known", IN_THE_TASK),
    Row("certificate that nobody trusts", nobody_trusts, MarketUnavailableError,
        _NO_ANSWER + ".*certificate verify failed", IN_THE_TASK),
    Row("no TLS at an https address", lambda: far_end(sends(_GOOD), scheme="https"), MarketUnavailableError,
        _NO_ANSWER + "SSLError", IN_THE_TASK),
    Row("no connection within 5 s", nobody_accepts, MarketUnavailableError,
        _NO_ANSWER + "ConnectTimeout", IN_THE_TASK, {"connect_seconds": 0.1}),
    Row("no byte within 15 s", lambda: far_end(says_nothing), MarketUnavailableError,
        _NO_ANSWER + "ReadTimeout", IN_THE_TASK, {"read_seconds": 0.1}),
    Row("headers byte by byte, beyond 30 s", lambda: far_end(drips(b"HTTP/1.1 200 OK\r\nX-Slow: ")),
        MarketUnavailableError, _NO_ANSWER + r"the call took longer than 0\.3 s", IN_THE_TASK,
        {"total_seconds": 0.3}),
    Row("body byte by byte, beyond 30 s", lambda: far_end(drips(_HEADERS_OF_MANY + b"[")),
        MarketUnavailableError, _NO_ANSWER + r"the call took longer than 0\.3 s", IN_THE_TASK,
        {"total_seconds": 0.3}),
    Row("body that stops in the middle", lambda: far_end(stops_after(_HEADERS_OF_MANY + b"[")),
        MarketUnavailableError, _NO_ANSWER + ".*timed out", IN_THE_TASK, {"read_seconds": 0.1}),
    Row("body shorter than its Content-Length", _answers(_GOOD, content_length=str(len(_GOOD) + 1)),
        MarketUnavailableError, _NO_ANSWER + ".*IncompleteRead", IN_THE_TASK),
    Row("chunk that breaks off", lambda: far_end(sends_raw(_CHUNKED + b"99\r\n[")), MarketUnavailableError,
        _NO_ANSWER, IN_THE_TASK),
    Row("chunks without the last one", lambda: far_end(sends_raw(_CHUNKED + b"2\r\n[]\r\n")),
        MarketUnavailableError, _NO_ANSWER, IN_THE_TASK),
    Row("something else than HTTP", lambda: far_end(sends_raw(b"220 mail ready\r\n\r\n")),
        MarketUnavailableError, _NO_ANSWER + "ConnectionError, 220 mail ready$", IN_THE_TASK),
    Row("body that isn't packed as it says", _answers(_GOOD, content_encoding="gzip"),
        MarketUnavailableError, _NO_ANSWER + ".*DecodeError", IN_THE_TASK),
)  # fmt: skip

ANSWERS = (
    Row("body of more than 16 MiB", _answers(b"[" + b" " * 20_000 + b"]"), UnexpectedAnswerError,
        "CoinGecko's answer is larger than 10000 bytes", BY_AIRFLOW),
    Row("small body that unpacks to more than 16 MiB",
        _answers(gzip.compress(bytes(20_000_000)), content_encoding="gzip"), UnexpectedAnswerError,
        "CoinGecko's answer is larger than 10000 bytes", BY_AIRFLOW),
    Row("body longer than its Content-Length", _answers(_GOOD, content_length="20"), UnexpectedAnswerError,
        "CoinGecko's answer is not JSON", BY_AIRFLOW),
    Row("truncated JSON", _answers(_GOOD[:-20]), UnexpectedAnswerError,
        "CoinGecko's answer is not JSON", BY_AIRFLOW),
    Row("HTML with status 200", _answers(b"<!doctype html><p>One moment", content_type="text/html"),
        UnexpectedAnswerError, "CoinGecko's answer is of type 'text/html', not JSON", BY_AIRFLOW),
    Row("HTML called JSON", _answers(b"<!doctype html><p>One moment"), UnexpectedAnswerError,
        "CoinGecko's answer is not a list", BY_AIRFLOW),
    Row("JSON under another content type", _answers(_GOOD, content_type="text/plain"),
        UnexpectedAnswerError, "CoinGecko's answer is of type 'text/plain', not JSON", BY_AIRFLOW),
    Row("body that isn't UTF-8", _answers(_GOOD.replace(b"bitcoin", b"bitc\xffin")), UnexpectedAnswerError,
        "CoinGecko's answer is not UTF-8 text", BY_AIRFLOW),
    Row("empty body", _answers(b""), UnexpectedAnswerError, "CoinGecko's answer is not a list", BY_AIRFLOW),
    Row("object in place of the list", _answers(b'{"bitcoin": {"usd": 7325.1}}'), UnexpectedAnswerError,
        "CoinGecko's answer is not a list", BY_AIRFLOW),
    Row("empty list", _answers(b"[]"), UnknownCoinError, "CoinGecko knows no coin with the id 'bitcoin'",
        NEVER),
    Row("another coin than asked for", _quotes(id='"ethereum"'), UnknownCoinError,
        "CoinGecko knows no coin with the id 'bitcoin'", NEVER),
)  # fmt: skip

_REFUSED = "quote of 'bitcoin' refused: "

QUOTES = (
    Row("price null", _quotes(current_price="null"), InvalidQuoteError,
        _REFUSED + "current_price is null", BY_AIRFLOW),
    Row("price as text", _quotes(current_price='"7325.10"'), InvalidQuoteError,
        _REFUSED + r"current_price is '7325\.10', not a number", BY_AIRFLOW),
    Row("price below zero", _quotes(current_price="-7325.10"), InvalidQuoteError,
        _REFUSED + r"current_price is -7325\.10", BY_AIRFLOW),
    Row("price of zero", _quotes(current_price="0"), InvalidQuoteError, _REFUSED + "current_price is 0",
        BY_AIRFLOW),
    Row("price beyond any possible one", _quotes(current_price="1e999999"), InvalidQuoteError,
        _REFUSED + r"current_price is 1\.000000e\+999999, beyond any possible value", BY_AIRFLOW),
    Row("price NaN", _quotes(current_price="NaN"), UnexpectedAnswerError,
        "CoinGecko's answer holds NaN, which is no JSON number", BY_AIRFLOW),
    Row("missing field", _quotes(total_volume=None), UnexpectedAnswerError,
        "CoinGecko's answer for 'bitcoin' has no field total_volume", BY_AIRFLOW),
    Row("last_updated that is no time", _quotes(last_updated='"today"'), InvalidQuoteError,
        _REFUSED + "last_updated is 'today', not a time with its zone", BY_AIRFLOW),
    Row("stale last_updated", _quotes(last_updated='"2018-02-05T13:49:59.999Z"'), MomentMismatchError,
        "the quote of 'bitcoin' is of 2018-02-05T13:49:59Z, not of the run's moment", NEVER),
    Row("last_updated after the request", _quotes(last_updated='"2018-02-05T14:10:01Z"'), InvalidQuoteError,
        _REFUSED + "last_updated is 2018-02-05T14:10:01Z, after the request of 2018-02-05T14:00:00Z$",
        BY_AIRFLOW),
)  # fmt: skip

STATUSES = (
    Row("redirect with a body that never ends", lambda: far_end(sends_for_ever(_REDIRECT, b"x" * 65536)),
        RequestRefusedError, "CoinGecko answered 302, a redirect to elsewhere.example$", NEVER),
    Row("redirect to no readable address", _answers(b"", status=302, location="https://[elsewhere"),
        RequestRefusedError, "CoinGecko answered 302, a redirect to no host$", NEVER),
    Row("redirect to another host", _answers(b"", status=302, location="https://elsewhere.example/?a=b"),
        RequestRefusedError, "CoinGecko answered 302, a redirect to elsewhere.example$", NEVER),
    Row("400, code 10010", _complains(400, 10010), RequestRefusedError, "CoinGecko answered 400: A Pro",
        NEVER),
    Row("400, code 10011", _complains(400, 10011), RequestRefusedError, "CoinGecko answered 400: A Demo",
        NEVER),
    Row("401, code 10002", _complains(401, 10002), RequestRefusedError, "CoinGecko answered 401: API Key",
        NEVER),
    Row("401, code 10005", _complains(401, 10005), RequestRefusedError, "CoinGecko answered 401: This",
        NEVER),
    Row("401, code 10012", _complains(401, 10012), RequestRefusedError, "CoinGecko answered 401: Your",
        NEVER),
    Row("403, code 10005", _complains(403, 10005), RequestRefusedError, "CoinGecko answered 403: This",
        NEVER),
    Row("403 without a code about keys or plans", _complains(403, shape="edge"), MarketUnavailableError,
        "CoinGecko answered 403: error code", AFTER_A_MINUTE),
    Row("403 as a page of HTML", _answers(_CHALLENGE, status=403, content_type="text/html"),
        MarketUnavailableError, r"CoinGecko answered 403: Attention Required! \| Cloudflare$",
        AFTER_A_MINUTE),
    Row("404", _complains(404), RequestRefusedError, "CoinGecko answered 404: coin not found", NEVER),
    Row("422", _complains(422), RequestRefusedError, "CoinGecko answered 422: Missing parameter", NEVER),
    Row("408", _complains(408), MarketUnavailableError, "CoinGecko answered 408", IN_THE_TASK),
    Row("429", _complains(429), MarketUnavailableError, "CoinGecko answered 429", IN_THE_TASK),
    Row("429 of the edge, in plain text", _complains(429, shape="edge"), MarketUnavailableError,
        "CoinGecko answered 429: error code: 1015", IN_THE_TASK),
    Row("429, Retry-After in seconds", _complains(429, retry_after=lambda: "1"), MarketUnavailableError,
        "CoinGecko answered 429", IN_THE_TASK),
    Row("503, Retry-After as a date", _complains(503, retry_after=lambda: _in_seconds(1)),
        MarketUnavailableError, "CoinGecko answered 503", IN_THE_TASK),
    Row("429, Retry-After of hours", _complains(429, retry_after=lambda: "14400"), MarketUnavailableError,
        "CoinGecko answered 429", BY_AIRFLOW),
    Row("503, Retry-After as a date in hours", _complains(503, retry_after=lambda: _in_seconds(14400)),
        MarketUnavailableError, "CoinGecko answered 503", BY_AIRFLOW),
    Row("500", _complains(500), MarketUnavailableError,
        "CoinGecko answered 500: Internal Server Error", IN_THE_TASK),
    Row("502, 503, 504 and 520 to 530", _complains(520), MarketUnavailableError, "CoinGecko answered 520",
        IN_THE_TASK),
)  # fmt: skip

ROWS = (*CONNECTIONS, *ANSWERS, *QUOTES, *STATUSES)

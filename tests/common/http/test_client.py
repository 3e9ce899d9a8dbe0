"""``send`` against far ends that go wrong; real sockets on both sides."""

import gzip
import logging
import os
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.common.http import Answer, Limits, Request, send
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import NoAnswerError, TemporaryError
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.server import Simulator
from tests.fixtures.far_end import (
    Behaviour,
    Watched,
    closes,
    drips,
    far_end,
    nobody_listens,
    resets,
    says_nothing,
    sends,
    sends_for_ever,
    sends_raw,
    stops_after,
)

OK = b"HTTP/1.1 200 OK\r\n"
MOST_BYTES = 100_000
# What zlib packs into, by its size of the window.
DEFLATE, GZIP = zlib.MAX_WBITS, zlib.MAX_WBITS | 16
SHORT = Limits(total_seconds=0.3, most_bytes=MOST_BYTES)
QUICK = Limits(total_seconds=20, most_bytes=MOST_BYTES)
KEY = "CG-made-up-key"
WEBHOOK_PATH = "/services/T00000000/B00000000/made-up-token-1234"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """After each of these tests: whatever the far end did, its thread ends at once."""
    yield
    end = time.monotonic() + 5
    while left := [thread for thread in threading.enumerate() if thread.name == "http-exchange"]:
        assert time.monotonic() < end, left
        time.sleep(0.01)


def head(status: int, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Made Up", *lines, "", ""]).encode("latin-1")


def asked(behaviour: Behaviour, limits: Limits = QUICK, *secrets: Secret) -> Answer:
    with far_end(behaviour) as base_url:
        return send(Request("GET", f"{base_url}/ping", {"a": "1,2"}), limits, secrets)


def failure(behaviour: Behaviour, limits: Limits = QUICK, *secrets: Secret) -> NoAnswerError:
    with pytest.raises(NoAnswerError) as caught:
        asked(behaviour, limits, *secrets)
    assert isinstance(caught.value, TemporaryError)
    # Whatever a library raised holds address and headers.
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return caught.value


def bomb(gigabytes: int, window_bits: int = GZIP) -> bytes:
    """About a MB for each GB of zeros, packed, without its end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    start = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * (gigabytes * 1024 - 1)


def test_an_answer_has_status_address_headers_and_bytes() -> None:
    with far_end(sends(b"hello", status=207, x_odd="1")) as base_url:
        answer = send(Request("GET", f"{base_url}/ping", {"a": "1,2"}), QUICK)
    assert (answer.status, answer.url, answer.body) == (207, f"{base_url}/ping?a=1%2C2", b"hello")
    assert answer.headers["x-odd"] == "1"
    assert answer.is_whole


def test_a_request_carries_its_body() -> None:
    with Simulator({}, SimulatedClock(lambda: datetime(2018, 2, 5, 14, tzinfo=UTC))) as slack:
        url = slack.slack_webhook_url
        answer = send(Request("POST", url, body=b'{"text": "hello"}'), QUICK)
        assert (answer.status, answer.body) == (200, b"ok")
        (message,) = slack.slack_messages
    assert message.body == {"text": "hello"}


def test_a_request_prints_nothing_that_may_be_secret() -> None:
    request = Request("GET", f"https://x.example/{KEY}", {"a": KEY}, {"b": KEY}, KEY.encode(), {"c": KEY})
    assert repr(request) == "Request(method='GET')"
    assert request.host == "x.example"


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_answer_is_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"hello" * 1000)
    assert asked(sends(packed, content_encoding=encoding)).body == b"hello" * 1000


ENDLESS = {
    "nothing": says_nothing,
    "half a status": stops_after(b"HTTP/1.1 20"),
    "headers byte by byte": drips(OK + b"X-Slow: "),
    "a head of its own again and again": sends_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body byte by byte": drips(OK + b"Content-Length: 9999\r\n\r\n["),
    "body without a length byte by byte": drips(OK + b"\r\n"),
    "error byte by byte": drips(head(404, "Content-Length: 9999")),
    "chunk size byte by byte": drips(OK + b"Transfer-Encoding: chunked\r\n\r\n1"),
    "empty blocks of gzip": sends_for_ever(
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"
    ),
}


@pytest.mark.parametrize("behaviour", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_never_ends_is_left_at_the_deadline(behaviour: Behaviour) -> None:
    watched = Watched(behaviour)
    start = time.monotonic()
    with far_end(watched) as base_url:
        with pytest.raises(NoAnswerError) as caught:
            send(Request("GET", base_url), SHORT)
        assert time.monotonic() - start < 5
        # Nobody reads on.
        assert watched.hung_up.wait(5)
    assert caught.value.reason == "the call took longer than 0.3 s"
    assert str(caught.value) == (
        f"no answer from {caught.value.host}: the call took longer than 0.3 s"
        " (check the network, or try later)"
    )


def test_a_handshake_that_never_ends_is_left_at_the_deadline() -> None:
    watched = Watched(drips(b"\x16\x03\x03\x40\x00"))
    with far_end(watched, scheme="https") as base_url:
        with pytest.raises(NoAnswerError, match=r"longer than 0\.3 s"):
            send(Request("GET", base_url), SHORT)
        assert watched.hung_up.wait(5)


def test_a_name_that_is_found_too_late_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()
    look_up = socket.getaddrinfo

    def look_up_slowly(*_: object, **__: object) -> object:
        found.wait(20)
        return look_up("127.0.0.1", port)

    watched = Watched(says_nothing)
    monkeypatch.setenv("no_proxy", "slow.example")
    with far_end(watched) as base_url:
        port = base_url.split(":")[2].partition("/")[0]
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", look_up_slowly)
            with pytest.raises(NoAnswerError, match=r"slow\.example:\d+: the call took longer than 0\.3 s"):
                send(Request("GET", base_url.replace("127.0.0.1", "slow.example")), SHORT)
            found.set()
            assert watched.hung_up.wait(5)


@pytest.mark.parametrize("status", [200, 404, 503])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", b"x" * 65536),
        ("gzip", bomb(3)),
        ("deflate", bomb(1, DEFLATE)),
        ("gzip, gzip", gzip.compress(bomb(1))),
        ("gzip, " * 5 + "gzip", gzip.compress(b"x")),
    ],
    ids=["plain", "gzip", "deflate", "gzip of gzip", "gzip six times"],
)
def test_of_a_body_no_more_than_allowed_is_unpacked(status: int, encoding: str, body: bytes) -> None:
    behaviour = sends_for_ever(head(status, f"Content-Encoding: {encoding}") + body, body)
    tracemalloc.start()
    try:
        answer = asked(behaviour)
    except NoAnswerError as error:
        # urllib3 refuses more than five layers.
        assert encoding.count("gzip") == 6, error.reason  # noqa: PT017
    else:
        assert not answer.is_whole
        assert len(answer.body) == (MOST_BYTES if status == 200 else 65536)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 16 * 2**20


def test_a_body_of_the_largest_size_is_whole() -> None:
    assert asked(sends(b"x" * MOST_BYTES)).is_whole
    too_large = asked(sends(b"x" * (MOST_BYTES + 1)))
    assert (too_large.is_whole, len(too_large.body)) == (False, MOST_BYTES)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_redirect_is_neither_followed_nor_read(status: int, encoding: str) -> None:
    lines = ("Location: https://elsewhere.example/?a=b", f"Content-Encoding: {encoding}")
    watched = Watched(sends_for_ever(head(status, *lines), bytes(65536)))
    with far_end(watched) as base_url:
        answer = send(Request("GET", base_url), QUICK)
        assert watched.hung_up.wait(5)
    assert (answer.status, answer.body, answer.redirect_host) == (status, b"", "elsewhere.example")


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("/elsewhere", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("//elsewhere.example", "elsewhere.example"),
        ("https://user:pass@elsewhere.example:99999999999/", "elsewhere.example"),
        ("https://[", "no host"),
        ("https://[::1/", "no host"),
        ("//[elsewhere]", "no host"),
        ("https://", "no host"),
        ("javascript:alert(1)", "no host"),
        ("https://\xff\xfe\x80/", "ÿþ"),
        ("https://" + "x" * 5000 + "/", "x" * 199 + "…"),
        ("https://a\tb.example/", "ab.example"),
    ],
)
def test_a_location_of_any_form_is_told_by_its_host(location: str, host: str) -> None:
    assert asked(sends_raw(head(302, f"Location: {location}", "Content-Length: 0"))).redirect_host == host


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=50))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_location_and_any_retry_after_is_an_answer(value: str) -> None:
    answer = asked(sends_raw(head(302, f"Location: {value}", f"X: {value}", "Content-Length: 0")))
    assert answer.redirect_host.isprintable()


MALFORMED = {
    "no HTTP": b"220 mail ready\r\n\r\n",
    "status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "status of many digits": b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n",
    "a line of 70 KB": head(200, "X: " + "x" * 70_000),
    "headers without end": head(200, *("X: y",) * 5000),
    "two lengths": head(200, "Content-Length: 1", "Content-Length: 2") + b"[]",
    "chunk size of letters": head(200, "Transfer-Encoding: chunked") + b"zz\r\n[]\r\n",
    "chunk size of many digits": head(200, "Transfer-Encoding: chunked") + b"f" * 5000 + b"\r\n[]\r\n",
    "a body shorter than its length": head(200, "Content-Length: 5") + b"[]",
    "a body that isn't packed": head(200, "Content-Encoding: gzip", "Content-Length: 5") + b"[1,2]",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_http_is_no_answer(content: bytes) -> None:
    assert failure(sends_raw(content)).reason


@pytest.mark.parametrize(
    "line",
    [
        "no colon",
        ": no name",
        "Content-Length: abc",
        "Content-Length: -5",
        "Content-Length: \xb2",
        "Content-Length: " + "9" * 5000,
        "Set-Cookie: =;;;=;\xff; expires=never",
        "Content-Encoding: no-such",
        "Content-Type: \x00",
        "Transfer-Encoding: no-such",
    ],
)
def test_a_malformed_header_raises_nothing_of_a_library(line: str) -> None:
    try:
        answer = asked(sends_raw(head(200, line) + b"[]"))
    except NoAnswerError:
        return
    assert answer.body in {b"[]", b""}


@pytest.mark.parametrize("behaviour", [closes, resets, sends_raw(OK[:5])], ids=["closed", "reset", "cut"])
def test_a_connection_that_ends_early_is_no_answer(behaviour: Behaviour) -> None:
    assert failure(behaviour).reason


@pytest.mark.parametrize(
    "url",
    [
        f"https://[not-an-address{WEBHOOK_PATH}",
        f"hooks.example{WEBHOOK_PATH}",
        f"gopher://hooks.example{WEBHOOK_PATH}",
        f"https://{'x' * 70}.example{WEBHOOK_PATH}",
        f"https://hooks.example:99999999{WEBHOOK_PATH}",
        f"https://{WEBHOOK_PATH}",
        f"https://.example {WEBHOOK_PATH} é",
    ],
)
def test_an_address_that_is_none_is_no_answer_and_not_repeated(url: str) -> None:
    with pytest.raises(NoAnswerError) as caught:
        send(Request("GET", url), QUICK, [Secret(url)])
    assert "made-up-token" not in str(caught.value)
    assert "B00000000" not in str(caught.value)


def test_an_answer_repeats_no_secret() -> None:
    url = f"https://hooks.example{WEBHOOK_PATH}"
    body = f"no {WEBHOOK_PATH} for {KEY}; it ends in made-up-token-1234".encode()
    lines = (f"Location: https://elsewhere.example/?key={KEY}", f"X-{KEY}: {WEBHOOK_PATH}")
    raw = head(404, *lines, f"Content-Length: {len(body)}") + body
    answer = asked(sends_raw(raw), QUICK, Secret(KEY), Secret(url))
    assert answer.body == b"no *** for ***; it ends in ***"
    assert answer.headers["location"] == "https://elsewhere.example/?key=***"
    assert KEY.lower() not in repr(answer).lower()
    assert WEBHOOK_PATH not in repr(answer)


def test_data_is_changed_for_nothing_but_a_long_secret() -> None:
    body = f'{{"id": "bitcoin", "hooks": 1, "text": "{KEY} ÿ"}}'.encode()
    secrets = (Secret(KEY), Secret("bitcoin"), Secret("https://text.example/bitcoin-hooks"))
    assert asked(sends(body), QUICK, *secrets).body == body.replace(KEY.encode(), b"***")


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    body = bytes(range(256))
    assert asked(sends(body, status=500), QUICK, Secret("ünknown-secret")).body == body
    told = "the ünknown-secret".encode()
    assert asked(sends(told, status=500), QUICK, Secret("ünknown-secret")).body == b"the ***"


def test_a_reason_repeats_no_secret() -> None:
    error = failure(sends_raw(f"{KEY} isn't welcome\r\n\r\n".encode()), QUICK, Secret(KEY))
    assert error.reason == "ConnectionError, *** isn't welcome"


def test_a_proxys_password_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    says = b"HTTP/1.1 407 No\r\nContent-Length: 20\r\n\r\nno made-up-password."
    with far_end(sends_raw(says)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.replace("//", "//someone:made-up-password@"))
        answer = send(Request("GET", "http://elsewhere.example/"), QUICK)
    assert (answer.status, answer.body) == (407, b"no ***.")
    monkeypatch.setenv("http_proxy", "http://someone:made-up-password@[")
    with pytest.raises(NoAnswerError) as caught:
        send(Request("GET", "http://elsewhere.example/"), QUICK)
    assert "made-up-password" not in str(caught.value)


def test_no_log_tells_address_or_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    odd = head(404, f"X{KEY} no colon", "Content-Length: 0")
    with far_end(sends_raw(odd)) as base_url:
        url = base_url + WEBHOOK_PATH
        assert send(Request("POST", url, body=b"{}"), QUICK, [Secret(url), Secret(KEY)]).status == 404
    assert "Failed to parse headers" in caplog.text
    assert "made-up" not in caplog.text


def test_where_nobody_listens_the_reason_is_the_systems() -> None:
    with nobody_listens() as base_url, pytest.raises(NoAnswerError) as caught:
        send(Request("GET", base_url), QUICK)
    assert caught.value.reason.startswith("ConnectionError, [Errno ")
    assert caught.value.host == base_url.split("/")[2]

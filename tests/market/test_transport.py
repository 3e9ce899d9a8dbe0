import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from pipeline_lib.common.http import Limits
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import (
    MarketError,
    MarketUnavailableError,
    RequestRefusedError,
    UnexpectedAnswerError,
)
from pipeline_lib.market import CoinGecko, Transport
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from tests.fixtures.far_end import far_end, sends

KEY = "CG-made-up-key"
MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
MARKETS = {"vs_currency": "usd", "ids": "bitcoin"}
PACKED = {"Content-Encoding": "gzip"}
FREE = "https://api.coingecko.com/api/v3"
PAID = "https://pro-api.coingecko.com/api/v3"


def sent_headers(base_url: str, key: Secret | None) -> Mapping[str, str]:
    with responses.RequestsMock() as web:
        web.get(f"{base_url}/ping", json={})
        Transport(base_url, key).get("/ping", {"a": "b"})
        return dict(web.calls[0].request.headers)


def test_an_answer_has_its_address_and_all_its_bytes(simulator: Simulator) -> None:
    answer = Transport(simulator.base_url, None).get("/ping", {"a": "1,2"})
    assert answer.url == f"{simulator.base_url}/ping?a=1%2C2"
    assert answer.body == b'{"gecko_says":"(V3) To the Moon!"}'


def test_a_request_carries_what_was_asked_and_says_who_asks(simulator: Simulator) -> None:
    Transport(simulator.base_url, None).get("/coins/markets", MARKETS)
    (request,) = simulator.requests
    assert (request.method, request.path, request.query) == ("GET", "/coins/markets", MARKETS)
    assert (request.headers["accept"], request.headers["user-agent"]) == (
        "application/json",
        "coin-pipelines",
    )


@pytest.mark.parametrize(
    ("base_url", "header"),
    [
        (FREE, "x-cg-demo-api-key"),
        (PAID, "x-cg-pro-api-key"),
        ("http://127.0.0.1:8099/api/v3", "x-cg-demo-api-key"),
        ("https://pro-api.coingecko.com.example.org/api/v3", "x-cg-demo-api-key"),
    ],
)
def test_the_key_travels_in_the_one_header_that_its_host_wants(base_url: str, header: str) -> None:
    headers = sent_headers(base_url, Secret(KEY))
    assert [name for name, value in headers.items() if KEY in value] == [header]
    assert headers[header] == KEY


@pytest.mark.parametrize("base_url", [FREE, PAID])
def test_without_a_key_no_header_of_a_key_is_sent(base_url: str) -> None:
    assert [name for name in sent_headers(base_url, None) if "key" in name.lower()] == []


def test_the_address_never_holds_the_key(simulator: Simulator) -> None:
    answer = Transport(simulator.base_url, Secret(KEY)).get("/coins/markets", MARKETS)
    assert KEY not in answer.url
    assert parse_qs(urlsplit(answer.url).query) == {"vs_currency": ["usd"], "ids": ["bitcoin"]}
    assert "x-cg-demo-api-key" in simulator.requests[0].headers
    assert KEY not in str(simulator.requests)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=401),
        Fault(kind="status", status=503),
        Fault(kind="redirect", location="/elsewhere"),
        Fault(kind="cut"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status or ''}",
)
def test_no_failure_tells_the_key(simulator: Simulator, fault: Fault) -> None:
    simulator.faults.add(fault)
    with pytest.raises((MarketUnavailableError, RequestRefusedError)) as caught:
        Transport(simulator.base_url, Secret(KEY)).get("/coins/markets", MARKETS)
    told = f"{caught.value} {caught.value!r} {vars(caught.value)} {caught.getrepr(showlocals=True)}"
    assert KEY not in told


def test_a_compressed_answer_is_unpacked() -> None:
    with responses.RequestsMock() as web:
        packed = gzip.compress(b"[1, 2]" * 1000)
        web.get(f"{FREE}/ping", body=packed, headers=PACKED, content_type="application/json")
        assert Transport(FREE, None).get("/ping", {}).body == b"[1, 2]" * 1000


def test_an_answer_of_the_largest_size_is_taken(simulator: Simulator) -> None:
    size = len(Transport(simulator.base_url, None).get("/coins/markets", MARKETS).body)
    exact = Transport(simulator.base_url, None, limits=Limits(most_bytes=size))
    assert len(exact.get("/coins/markets", MARKETS).body) == size
    with pytest.raises(UnexpectedAnswerError, match=f"^CoinGecko's answer is larger than {size - 1} bytes"):
        replace(exact, limits=Limits(most_bytes=size - 1)).get("/coins/markets", MARKETS)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON ;x",
        "application/vnd.api+json",
    ],
)
def test_json_is_taken_under_each_of_its_names(content_type: str) -> None:
    with responses.RequestsMock() as web:
        web.get(f"{FREE}/ping", body="[]", content_type=content_type)
        assert Transport(FREE, None).get("/ping", {}).body == b"[]"


def test_a_refused_answer_tells_where_it_came_from() -> None:
    with responses.RequestsMock() as web:
        web.get(f"{FREE}/ping", body="<html>", content_type="text/html")
        with pytest.raises(UnexpectedAnswerError) as caught:
            Transport(FREE, Secret(KEY)).get("/ping", {"a": "b"})
    assert (caught.value.url, caught.value.answer) == (f"{FREE}/ping?a=b", b"<html>")


@pytest.mark.parametrize("status", [200, 301, 401, 403, 404, 500])
@pytest.mark.parametrize("content_type", ["application/json", f"text/html; key={KEY}"])
def test_a_key_that_the_other_side_repeats_is_told_and_kept_nowhere(status: int, content_type: str) -> None:
    body = f'[{{"error": "unknown key {KEY}", "id": "{KEY}", "current_price": "{KEY}"}}]'.encode()
    said = sends(body, status, content_type, location=f"https://{KEY}.example/?key={KEY}", retry_after=KEY)
    with far_end(said) as base_url:
        market = CoinGecko(Transport(base_url, Secret(KEY)), lambda: MOMENT, RetryPolicy(attempts=1))
        with pytest.raises(MarketError) as caught:
            market.observe("***", "usd", MOMENT, timedelta(minutes=10))
    assert KEY.lower() not in f"{caught.value} {caught.value!r} {vars(caught.value)}".lower()


def test_an_errors_endless_text_doesnt_hide_its_status(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=503, body="<p>" * 100_000))
    with pytest.raises(MarketUnavailableError) as caught:
        Transport(simulator.base_url, None, limits=Limits(most_bytes=1000)).get("/coins/markets", MARKETS)
    assert caught.value.status == 503

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.errors import MarketError, MarketUnavailableError, RequestRefusedError
from pipeline_lib.market import CoinGecko, Transport
from pipeline_lib.market.quotes.parsing import find_texts, read_quote

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "coingecko"
BASE_URL = "https://api.coingecko.com/api/v3"

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="recorded answers are kept beside the checkout, in ../shared"
)


def recorded(name: str) -> Mapping[str, Any]:
    content: dict[str, Any] = json.loads((RECORDINGS / name).read_text(encoding="utf-8"))
    return content


def answered(name: str) -> MarketError:
    """What the client raises when CoinGecko answers with an error body of the recordings."""
    entry = recorded("error_bodies.json")[name]
    body = entry["body"] if isinstance(entry["body"], str) else json.dumps(entry["body"])
    status = entry.get("status", int(name.split("_", maxsplit=1)[0]))
    with responses.RequestsMock() as web:
        web.get(f"{BASE_URL}/coins/markets", status=status, body=body, headers=entry.get("headers"))
        with pytest.raises(MarketError) as caught:
            Transport(BASE_URL, None).get("/coins/markets", {})
    return caught.value


def test_every_recorded_error_is_tested() -> None:
    names = set(recorded("error_bodies.json")) - {"note"}
    assert names == {"429", "1015", "500"} | {
        "400_10010", "400_10011", "401_10002", "401_10005", "401_10012", "404", "422"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "status", "code", "start"),
    [
        ("400_10010", 400, 10010, "If you are using Pro API key, please change your root URL"),
        ("400_10011", 400, 10011, "If you are using Demo API key, please change your root URL"),
        ("401_10002", 401, 10002, "API Key Missing."),
        ("401_10005", 401, 10005, "This request is limited to PRO API subscribers."),
        ("401_10012", 401, 10012, "Your request exceeds the allowed time range."),
        ("404", 404, None, "coin not found"),
        ("422", 422, None, "Missing parameter vs_currency"),
    ],
)
def test_a_recorded_refusal_is_understood(name: str, status: int, code: int | None, start: str) -> None:
    error = answered(name)
    assert isinstance(error, RequestRefusedError)
    assert (error.status, error.error_code) == (status, code)
    assert error.message.startswith(f"CoinGecko answered {status}: {start}")
    assert error.hint


@pytest.mark.parametrize(
    ("name", "status", "retry_after", "message"),
    [
        ("429", 429, 119.0, "You've exceeded the Rate Limit."),
        ("1015", 429, None, "error code: 1015"),
        ("500", 500, None, "Internal Server Error"),
    ],
)
def test_a_recorded_failure_of_the_moment_is_understood(
    name: str, status: int, retry_after: float | None, message: str
) -> None:
    error = answered(name)
    assert isinstance(error, MarketUnavailableError)
    assert (error.status, error.retry_after) == (status, retry_after)
    assert error.message.startswith(f"CoinGecko answered {status}: {message}")


def test_the_recorded_answer_becomes_an_observation() -> None:
    body = (RECORDINGS / "coins_markets_1h_24h.json").read_text(encoding="utf-8").split('"body":', 1)[1]
    body = body.rstrip().removesuffix("}")
    moment = datetime(2025, 2, 25, 13, 10, tzinfo=UTC)
    with responses.RequestsMock() as web:
        web.get(f"{BASE_URL}/coins/markets", body=body, content_type="application/json")
        market = CoinGecko(Transport(BASE_URL, None), lambda: moment, RetryPolicy(attempts=1))
        snapshot = market.observe("status", "usd", moment, timedelta(minutes=1))
    observation, provenance = snapshot.observation, snapshot.provenance
    assert observation.price == Decimal("0.02601938")
    assert observation.change_1h_percent == Decimal("-0.253535324764873")
    assert observation.change_24h_percent == Decimal("-10.6656782658222")
    assert observation.market_cap == Decimal(103150993)
    assert observation.last_updated == datetime(2025, 2, 25, 13, 9, 24, tzinfo=UTC)
    assert provenance.answer.startswith('{"id":"status","symbol":"snt"')
    assert provenance.answer.endswith('"price_change_percentage_24h_in_currency":-10.6656782658222}')


def test_a_recorded_answer_without_the_1h_move_is_not_what_was_promised() -> None:
    body = json.dumps(recorded("coins_markets_multi_eth_0_200.json")["body"]).encode()
    with pytest.raises(MarketError, match="has no field price_change_percentage_1h_in_currency"):
        read_quote("bitcoin", find_texts(body)["bitcoin"])

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.server import Simulator

RECORDINGS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "coingecko"
NOW = datetime(2018, 2, 3, tzinfo=UTC)


def _get(simulator: Simulator, path: str, **parameters: str | int) -> requests.Response:
    return requests.get(f"{simulator.base_url}{path}", params=parameters, timeout=5)


def _recording(name: str) -> dict[str, object]:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"the recording {name} is not at hand")
    recording: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return recording


@pytest.mark.parametrize(
    ("name", "spans"),
    [
        ("coins_markets_1h_24h.json", {"price_change_percentage": "1h,24h"}),
        ("coins_markets_bitcoin_0_200.json", {}),
    ],
)
def test_rows_have_the_recorded_keys_in_the_recorded_order(
    simulator: Simulator, name: str, spans: dict[str, str]
) -> None:
    body = _recording(name)["body"]
    assert isinstance(body, list)
    rows = _get(simulator, "/coins/markets", vs_currency="usd", **spans).json()
    assert [list(row) for row in rows] == [list(body[0])] * 2


def test_a_chart_has_the_recorded_keys_in_the_recorded_order(simulator: Simulator) -> None:
    body = _recording("market_chart_btc_30d_hourly_0_200.json")["body"]
    assert isinstance(body, dict)
    chart = _chart(simulator, NOW, NOW).json()
    assert list(chart) == list(body)


@pytest.mark.parametrize("name", ["coins_markets_bitcoin_1_422.json", "coins_markets_bitcoin_2_422.json"])
def test_a_missing_currency_is_refused_as_recorded(simulator: Simulator, name: str) -> None:
    recording = _recording(name)
    response = _get(simulator, "/coins/markets", ids="bitcoin")
    assert response.status_code == 422
    assert response.json() == recording["body"]
    headers = recording["headers"]
    assert isinstance(headers, dict)
    for header in ("Content-Type", "Cache-Control"):
        assert response.headers[header] == headers[header]


def test_a_good_answer_has_the_recorded_headers(simulator: Simulator) -> None:
    headers = _recording("coins_markets_bitcoin_0_200.json")["headers"]
    assert isinstance(headers, dict)
    response = _get(simulator, "/coins/markets", vs_currency="usd")
    for header in ("Content-Type", "Cache-Control"):
        assert response.headers[header] == headers[header]


def test_the_server_answers_a_ping(simulator: Simulator) -> None:
    response = _get(simulator, "/ping")
    assert (response.status_code, list(response.json())) == (200, ["gecko_says"])


def test_prices_go_out_with_the_digits_of_the_file(simulator: Simulator) -> None:
    text = _get(simulator, "/coins/markets", vs_currency="usd", ids="bitcoin").text
    assert '"current_price":10048.10,' in text
    assert '"total_volume":48.5,' in text


def test_changes_are_those_of_the_series(simulator: Simulator) -> None:
    (row,) = _get(
        simulator, "/coins/markets", vs_currency="usd", ids="ethereum", price_change_percentage="24h,1h"
    ).json()
    assert row["price_change_percentage_1h_in_currency"] == pytest.approx((1048.1 / 1047.1 - 1) * 100)
    assert row["price_change_percentage_24h_in_currency"] == pytest.approx((1048.1 / 1024.1 - 1) * 100)
    assert (row["high_24h"], row["low_24h"], row["price_change_24h"]) == (1048.1, 1024.1, 24.0)


def test_only_the_changes_asked_for_are_there(simulator: Simulator) -> None:
    (row,) = _get(
        simulator, "/coins/markets", vs_currency="usd", ids="ethereum", price_change_percentage="1h,9h"
    ).json()
    assert [key for key in row if key.endswith("_in_currency")] == ["price_change_percentage_1h_in_currency"]


def test_a_change_without_an_earlier_close_is_null(simulator: Simulator) -> None:
    simulator.clock.set(NOW - timedelta(hours=47))
    (row,) = _get(
        simulator, "/coins/markets", vs_currency="usd", ids="ethereum", price_change_percentage="1h,24h"
    ).json()
    assert row["price_change_percentage_1h_in_currency"] == pytest.approx(100 / 1000.1)
    assert row["price_change_percentage_24h_in_currency"] is None
    assert row["price_change_24h"] is None


@pytest.mark.parametrize(
    ("moment", "last_updated"),
    [
        (NOW, "2018-02-03T00:00:00.000Z"),
        (NOW + timedelta(minutes=7, milliseconds=250), "2018-02-03T00:07:00.250Z"),
    ],
)
def test_a_quote_is_of_the_time_on_the_clock(
    simulator: Simulator, moment: datetime, last_updated: str
) -> None:
    simulator.clock.set(moment)
    (row,) = _get(simulator, "/coins/markets", vs_currency="usd", ids="bitcoin").json()
    assert (row["last_updated"], row["current_price"]) == (last_updated, 10048.1)


def test_rows_come_by_market_capitalisation(simulator: Simulator) -> None:
    rows = _get(simulator, "/coins/markets", vs_currency="usd", ids="ethereum,bitcoin").json()
    assert [(row["id"], row["market_cap_rank"]) for row in rows] == [("bitcoin", 1), ("ethereum", 2)]
    assert rows[0]["market_cap"] > rows[1]["market_cap"]


@pytest.mark.parametrize(
    ("ids", "found"),
    [("bitcoin,unobtainium", ["bitcoin"]), ("bitcoin, ethereum", ["bitcoin"]), ("unobtainium", [])],
)
def test_unknown_ids_are_dropped_in_silence(simulator: Simulator, ids: str, found: list[str]) -> None:
    response = _get(simulator, "/coins/markets", vs_currency="usd", ids=ids)
    assert (response.status_code, [row["id"] for row in response.json()]) == (200, found)


@pytest.mark.parametrize(("page", "found"), [(1, ["bitcoin"]), (2, ["ethereum"]), (3, [])])
def test_rows_come_in_pages(simulator: Simulator, page: int, found: list[str]) -> None:
    rows = _get(simulator, "/coins/markets", vs_currency="usd", per_page=1, page=page).json()
    assert [row["id"] for row in rows] == found


@pytest.mark.parametrize(("size", "rows"), [({}, 100), ({"per_page": 300}, 250), ({"per_page": "x"}, 100)])
def test_a_page_holds_100_rows_or_up_to_250(size: dict[str, int | str], rows: int) -> None:
    clock = SimulatedClock(lambda: datetime(2024, 1, 2, tzinfo=UTC))
    series = {f"coin-{number}": GeneratedSeries(f"coin-{number}", 0) for number in range(260)}
    with Simulator(series, clock) as simulator:
        assert len(_get(simulator, "/coins/markets", vs_currency="usd", **size).json()) == rows


def test_before_its_series_a_coin_is_not_listed(simulator: Simulator) -> None:
    simulator.clock.set(datetime(2017, 1, 1, tzinfo=UTC))
    assert _get(simulator, "/coins/markets", vs_currency="usd").json() == []


def _chart(simulator: Simulator, start: datetime, end: datetime) -> requests.Response:
    span = {"from": int(start.timestamp()), "to": int(end.timestamp())}
    return _get(simulator, "/coins/bitcoin/market_chart/range", vs_currency="usd", **span)


def test_a_chart_holds_the_closes_of_the_span(simulator: Simulator) -> None:
    response = _chart(simulator, NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    first = int((NOW - timedelta(hours=2)).timestamp()) * 1000
    chart = response.json()
    assert chart["prices"] == [[first, 10046.1], [first + 3_600_000, 10047.1]]
    assert chart["total_volumes"] == [[first, 46.5], [first + 3_600_000, 47.5]]
    assert [time for time, _ in chart["market_caps"]] == [first, first + 3_600_000]
    assert f"[{first},10046.10]" in response.text


def test_a_chart_does_not_tell_the_future(simulator: Simulator) -> None:
    prices = _chart(simulator, NOW - timedelta(hours=1), NOW + timedelta(hours=5)).json()["prices"]
    assert [price for _, price in prices] == [10047.1, 10048.1]


def test_a_chart_beyond_ninety_days_has_one_point_a_day(simulator: Simulator) -> None:
    simulator.clock.set(NOW + timedelta(days=95))
    assert len(_chart(simulator, NOW, NOW + timedelta(days=90)).json()["prices"]) == 90 * 24 + 1
    prices = _chart(simulator, NOW, NOW + timedelta(days=91)).json()["prices"]
    assert len(prices) == 92
    assert all(time % 86_400_000 == 0 for time, _ in prices)


@pytest.mark.parametrize(("hours", "times"), [(0, [-1, 0, 0.25]), (-1, [-1])])
def test_a_chart_up_to_now_ends_in_a_moving_point(
    simulator: Simulator, hours: int, times: list[float]
) -> None:
    simulator.clock.set(NOW + timedelta(minutes=15, milliseconds=300))
    chart = _chart(
        simulator, NOW - timedelta(hours=1), NOW + timedelta(hours=hours, minutes=15, seconds=1)
    ).json()
    first = int(NOW.timestamp())
    assert [(time / 1000 - first) / 3600 for time, _ in chart["prices"]] == times
    assert chart["prices"][-1][1] == {0: 10048.1, -1: 10047.1}[hours]
    assert [time for time, _ in chart["total_volumes"]] == [time for time, _ in chart["prices"]]


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (1, 401)])
def test_a_chart_reaches_a_year_back(simulator: Simulator, seconds: int, status: int) -> None:
    start = NOW - timedelta(days=365, seconds=seconds)
    response = _chart(simulator, start, NOW)
    assert response.status_code == status
    if status == 401:
        recorded = {"error_code": 10012, "error_message": "Your request exceeds the allowed time range."}
        assert response.json()["error"]["status"].items() >= recorded.items()


def test_the_chart_of_an_unknown_coin_is_not_found(simulator: Simulator) -> None:
    response = _get(
        simulator, "/coins/unobtainium/market_chart/range", vs_currency="usd", **{"from": 0, "to": 1}
    )
    assert (response.status_code, response.json()) == (404, {"error": "coin not found"})


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"from": 0, "to": 1}, "Missing parameter vs_currency"),
        ({"vs_currency": "usd", "to": 1}, "Missing parameter from"),
        ({"vs_currency": "usd", "from": 0}, "Missing parameter to"),
        ({"vs_currency": "usd", "from": "monday", "to": 1}, "Invalid parameter from"),
        ({"vs_currency": "usd", "from": 0, "to": 10**18}, "Invalid parameter to"),
        ({"vs_currency": "eur", "from": 0, "to": 1}, "invalid vs_currency"),
    ],
)
def test_a_chart_without_usable_parameters_is_refused(
    simulator: Simulator, parameters: dict[str, str | int], error: str
) -> None:
    response = _get(simulator, "/coins/bitcoin/market_chart/range", **parameters)
    assert (response.status_code, response.json()) == (422, {"error": error})


@pytest.mark.parametrize("path", ["/simple/price", "/coins", "/coins/bitcoin", "/"])
def test_everything_else_is_not_found(simulator: Simulator, path: str) -> None:
    response = _get(simulator, path)
    assert response.status_code == 404
    assert list(response.json()) == ["error"]


def test_a_path_outside_the_api_is_not_found(simulator: Simulator) -> None:
    response = requests.get(simulator.base_url.removesuffix("/api/v3") + "/coins/markets", timeout=5)
    assert response.status_code == 404


def test_the_api_only_takes_get(simulator: Simulator) -> None:
    assert requests.post(f"{simulator.base_url}/ping", json={}, timeout=5).status_code == 404

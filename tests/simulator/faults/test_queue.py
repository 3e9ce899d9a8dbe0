import time

import pytest
import requests

from pipeline_lib.simulator.faults.queue import Fault, FaultQueue
from pipeline_lib.simulator.server import Simulator


def _markets(simulator: Simulator, *, timeout: float = 5) -> requests.Response:
    return requests.get(
        f"{simulator.base_url}/coins/markets",
        params={"vs_currency": "usd", "ids": "bitcoin,ethereum"},
        timeout=timeout,
        allow_redirects=False,
    )


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (Fault(kind="status", status=500), {"status": 500, "error": "Internal Server Error"}),
        (Fault(kind="status", status=520), {"status": 520, "error": "Error 520"}),
        (Fault(kind="status", status=404), {"error": "coin not found"}),
        (Fault(kind="status", status=418), {"error": "I'm a Teapot"}),
    ],
)
def test_an_error_has_the_shape_of_its_status(simulator: Simulator, fault: Fault, body: object) -> None:
    simulator.faults.add(fault)
    response = _markets(simulator)
    assert (response.status_code, response.json()) == (fault.status, body)


@pytest.mark.parametrize(("status", "code"), [(400, 10010), (401, 10002), (403, 10005), (429, 429)])
def test_a_refusal_names_its_code_in_status(simulator: Simulator, status: int, code: int) -> None:
    simulator.faults.add(Fault(kind="status", status=status))
    body = _markets(simulator).json()
    assert list(body) == ["status"]
    assert list(body["status"]) == ["error_code", "error_message"]
    assert body["status"]["error_code"] == code


def test_a_span_too_long_has_its_own_shape(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=401, error_code=10012))
    status = _markets(simulator).json()["error"]["status"]
    assert (status["error_code"], status["timestamp"]) == (10012, "2018-02-03T00:00:00.000+00:00")


def test_a_key_at_the_wrong_host_has_its_own_shape(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=400, error_code=10011))
    body = _markets(simulator).json()
    assert list(body) == ["timestamp", "error_code", "status"]
    assert body["error_code"] == 10011


def test_the_edge_speaks_plain_text(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=429, body="edge"))
    response = _markets(simulator)
    assert (response.status_code, response.text) == (429, "error code: 1015")
    assert response.headers["Content-Type"].startswith("text/plain")


def test_a_body_may_be_any_text(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=502, body="<h1>Bad gateway</h1>"))
    assert _markets(simulator).text == "<h1>Bad gateway</h1>"


@pytest.mark.parametrize("retry_after", [119, "Wed, 07 Feb 2018 14:00:00 GMT"])
def test_retry_after_is_seconds_or_a_date(simulator: Simulator, retry_after: int | str) -> None:
    simulator.faults.add(Fault(kind="status", status=429, retry_after=retry_after))
    assert _markets(simulator).headers["Retry-After"] == str(retry_after)


def test_a_slow_answer_comes_late_but_whole(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="slow", seconds=0.2))
    started = time.monotonic()
    assert len(_markets(simulator).json()) == 2
    assert time.monotonic() - started >= 0.2


def test_a_slow_answer_outlasts_a_patient_client(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="slow", seconds=30))
    with pytest.raises(requests.exceptions.ReadTimeout):
        _markets(simulator, timeout=0.1)


def test_a_dripping_answer_never_trips_the_time_out_between_bytes(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="drip", seconds=0.02, path="/ping"))
    started = time.monotonic()
    response = requests.get(f"{simulator.base_url}/ping", timeout=0.25)
    assert response.json()
    assert time.monotonic() - started >= 0.02 * len(response.content)
    assert len(response.content) * 0.02 > 0.25


def test_a_cut_answer_ends_before_its_length(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="cut"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _markets(simulator)
    assert _markets(simulator).status_code == 200


def test_a_malformed_answer_is_200_but_not_json(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="malformed"), Fault(kind="malformed", body='[{"id": "bit'))
    for text in ("<!doctype html>", '[{"id": "bit'):
        response = _markets(simulator)
        assert response.status_code == 200
        assert response.text.startswith(text)
        with pytest.raises(requests.exceptions.JSONDecodeError):
            response.json()


def test_a_field_is_missing_from_every_row(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="missing_field", field="current_price"))
    assert [("current_price" in row, "id" in row) for row in _markets(simulator).json()] == [
        (False, True)
    ] * 2


def test_a_field_is_null_in_every_row(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="null_field", field="current_price"))
    assert [row["current_price"] for row in _markets(simulator).json()] == [None, None]


def test_a_field_is_replaced_in_the_row_of_one_coin(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="replace_field", field="current_price", value=-1, coin="ethereum"))
    assert [row["current_price"] for row in _markets(simulator).json()] == [10048.1, -1]


def test_changes_of_rows_work_together(simulator: Simulator) -> None:
    simulator.faults.add(
        Fault(kind="null_field", field="high_24h", times=None), Fault(kind="null_field", field="low_24h")
    )
    assert {(row["high_24h"], row["low_24h"]) for row in _markets(simulator).json()} == {(None, None)}
    assert {(row["high_24h"], row["low_24h"] is None) for row in _markets(simulator).json()} == {
        (None, False)
    }


def test_changes_of_rows_wait_for_an_answer_with_rows(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="null_field", field="current_price"))
    assert requests.get(f"{simulator.base_url}/ping", timeout=5).status_code == 200
    assert len(simulator.faults.waiting()) == 1


def test_an_unknown_coin_is_left_out(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="unknown_coin", coin="ethereum", times=2))
    assert [row["id"] for row in _markets(simulator).json()] == ["bitcoin"]
    chart = requests.get(
        f"{simulator.base_url}/coins/ethereum/market_chart/range",
        params={"vs_currency": "usd", "from": "0", "to": "1"},
        timeout=5,
    )
    assert (chart.status_code, chart.json()) == (404, {"error": "coin not found"})
    assert len(_markets(simulator).json()) == 2


@pytest.mark.parametrize(("status", "sent"), [(None, 302), (308, 308)])
def test_a_redirect_leads_elsewhere(simulator: Simulator, status: int | None, sent: int) -> None:
    simulator.faults.add(Fault(kind="redirect", location="http://127.0.0.1:9/", status=status))
    response = _markets(simulator)
    assert (response.status_code, response.headers["Location"]) == (sent, "http://127.0.0.1:9/")


def test_faults_hit_as_often_as_said_and_one_after_another(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=503, times=2), Fault(kind="status", status=429))
    assert [_markets(simulator).status_code for _ in range(4)] == [503, 503, 429, 200]


def test_a_fault_without_number_hits_until_cleared(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=503, times=None))
    assert [_markets(simulator).status_code for _ in range(3)] == [503, 503, 503]
    simulator.faults.clear()
    assert _markets(simulator).status_code == 200


@pytest.mark.parametrize("path", ["/coins/markets", "/api/v3/coins/markets", "/coins"])
def test_a_fault_hits_its_path_only(simulator: Simulator, path: str) -> None:
    simulator.faults.add(Fault(kind="status", status=503, path=path))
    assert requests.get(f"{simulator.base_url}/ping", timeout=5).status_code == 200
    assert requests.post(simulator.slack_webhook_url, json={"text": "hello"}, timeout=5).status_code == 200
    assert _markets(simulator).status_code == 503


def test_a_path_is_no_mere_beginning_of_text() -> None:
    assert not Fault(kind="cut", path="/coins/mark").hits("/coins/markets")


def test_what_is_left_of_a_fault_can_be_seen() -> None:
    queue = FaultQueue()
    queue.add(Fault(kind="cut", times=3))
    queue.take("/ping")
    assert queue.waiting() == (Fault(kind="cut", times=2),)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"kind": "explosion"}, "kind is 'explosion'"),
        ({"kind": "status"}, "needs status"),
        ({"kind": "status", "status": 99}, "status is 99"),
        ({"kind": "slow"}, "needs seconds"),
        ({"kind": "slow", "seconds": -1}, "below zero"),
        ({"kind": "null_field"}, "needs field"),
        ({"kind": "unknown_coin"}, "needs coin"),
        ({"kind": "redirect"}, "needs location"),
        ({"kind": "cut", "status": 500}, "takes no status"),
        ({"kind": "cut", "times": 0}, "at least one"),
        ({"kind": "cut", "path": "coins"}, "starts with /"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(values: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Fault(**values)  # type: ignore[arg-type]

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests
from urllib3.connection import HTTPConnection

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.generator import GeneratedSeries
from pipeline_lib.simulator.server import Simulator


def _simulator() -> Simulator:
    clock = SimulatedClock(lambda: datetime(2024, 5, 1, 10, tzinfo=UTC))
    return Simulator({"bitcoin": GeneratedSeries("bitcoin", seed=0)}, clock)


def test_it_listens_on_loopback_only(simulator: Simulator) -> None:
    for url in (simulator.base_url, simulator.slack_webhook_url, simulator.control_url):
        assert url.startswith("http://127.0.0.1:")


def test_a_connection_serves_many_requests(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    connect = HTTPConnection.connect

    def counted(connection: HTTPConnection) -> None:
        opened.append(connection.host)
        connect(connection)

    monkeypatch.setattr(HTTPConnection, "connect", counted)
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(f"{simulator.base_url}/ping", timeout=5).status_code == 200
        assert session.post(simulator.slack_webhook_url, json={"text": "x"}, timeout=5).status_code == 200
    assert len(opened) == 1


def test_every_request_is_logged_also_those_hit_by_a_fault(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=503))
    for _ in range(2):
        requests.get(f"{simulator.base_url}/coins/markets?vs_currency=usd&ids=bitcoin", timeout=5)
    assert [(request.path, dict(request.query)) for request in simulator.requests] == [
        ("/coins/markets", {"vs_currency": "usd", "ids": "bitcoin"})
    ] * 2
    assert {request.received_at for request in simulator.requests} == {simulator.clock.now()}


def test_the_date_header_is_the_simulated_time(simulator: Simulator) -> None:
    response = requests.get(f"{simulator.base_url}/ping", timeout=5)
    assert response.headers["Date"] == "Sat, 03 Feb 2018 00:00:00 GMT"


def test_many_clients_are_served_at_once(simulator: Simulator) -> None:
    simulator.faults.add(*[Fault(kind="slow", seconds=0.2)] * 20)
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda _: requests.get(f"{simulator.base_url}/ping", timeout=2).status_code, range(20))
        )
    assert answers == [200] * 20
    assert len(simulator.requests) == 20


def test_a_body_without_usable_length_is_refused(simulator: Simulator) -> None:
    endless = requests.post(simulator.slack_webhook_url, data=iter([b"{}"]), timeout=5)
    assert endless.status_code == 413


def test_after_the_context_even_open_connections_are_gone() -> None:
    with requests.Session() as session:
        with _simulator() as simulator:
            assert session.get(f"{simulator.base_url}/ping", timeout=5).status_code == 200
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(f"{simulator.base_url}/ping", timeout=5)
    assert len(simulator.requests) == 1


def test_the_end_does_not_wait_for_a_slow_answer() -> None:
    with ThreadPoolExecutor(1) as pool:
        with _simulator() as simulator:
            simulator.faults.add(Fault(kind="slow", seconds=60))
            waiting = pool.submit(requests.get, f"{simulator.base_url}/ping", timeout=50)
            while not simulator.requests:
                time.sleep(0.005)
        assert isinstance(waiting.exception(timeout=5), requests.exceptions.ConnectionError)


def test_a_taken_port_is_told() -> None:
    with _simulator() as simulator:
        port = int(simulator.control_url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match="in use"):
            Simulator({}, simulator.clock, port=port)

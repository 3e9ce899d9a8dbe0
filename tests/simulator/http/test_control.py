import json

import pytest
import requests

from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator


def _call(simulator: Simulator, method: str, path: str, body: str | None = None) -> requests.Response:
    return requests.request(method, f"{simulator.control_url}{path}", data=body, timeout=5)


def test_the_clock_is_set_and_follows_again(simulator: Simulator) -> None:
    assert _call(simulator, "GET", "/clock").json() == {"at": "2018-02-03T00:00:00Z", "follows": False}
    response = _call(simulator, "PUT", "/clock", '{"at": "2018-02-05T15:00:00+01:00"}')
    assert (response.status_code, response.json()) == (200, {"at": "2018-02-05T14:00:00Z", "follows": False})
    assert simulator.clock.now().isoformat() == "2018-02-05T14:00:00+00:00"
    followed = _call(simulator, "PUT", "/clock", '{"at": "now"}').json()
    assert followed == {"at": "2018-03-01T12:30:15Z", "follows": True}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the body is not JSON"),
        ("{", "the body is not JSON"),
        ("[]", '{"at": "now"}'),
        ('{"to": "now"}', '{"at": "now"}'),
        ('{"at": "yesterday"}', "yesterday"),
        ('{"at": "2018-02-05T14:00:00"}', "no time zone"),
    ],
)
def test_a_time_that_does_not_fit_is_refused(simulator: Simulator, body: str, reason: str) -> None:
    response = _call(simulator, "PUT", "/clock", body)
    assert response.status_code == 400
    assert reason in response.json()["error"]
    assert simulator.clock.now().isoformat() == "2018-02-03T00:00:00+00:00"


def test_requests_are_told_with_their_parameters(simulator: Simulator) -> None:
    requests.get(
        f"{simulator.base_url}/coins/markets",
        params={"vs_currency": "usd"},
        headers={"x-cg-demo-api-key": "CG-secret", "User-Agent": "reader"},
        timeout=5,
    )
    (told,) = _call(simulator, "GET", "/requests").json()
    assert told["received_at"] == "2018-02-03T00:00:00Z"
    assert (told["method"], told["path"], told["query"]) == ("GET", "/coins/markets", {"vs_currency": "usd"})
    assert (told["headers"]["user-agent"], told["headers"]["x-cg-demo-api-key"]) == ("reader", "***")


def test_messages_are_told_and_forgotten(simulator: Simulator) -> None:
    requests.post(simulator.slack_webhook_url, json={"text": "hello"}, timeout=5)
    told = _call(simulator, "GET", "/slack/messages").json()
    assert told == [{"received_at": "2018-02-03T00:00:00Z", "body": {"text": "hello"}}]
    assert _call(simulator, "DELETE", "/slack/messages").json() == []
    assert simulator.slack_messages == ()


def test_faults_are_added_told_and_cleared(simulator: Simulator) -> None:
    fault = {"kind": "status", "times": 2, "status": 429, "retry_after": 5, "path": "/coins/markets"}
    field = {"kind": "replace_field", "times": None, "field": "roi", "value": [True]}
    assert _call(simulator, "POST", "/faults", json.dumps(fault)).json() == [fault]
    both = _call(simulator, "POST", "/faults", json.dumps([field])).json()
    assert both == [fault, field]
    assert simulator.faults.waiting() == (
        Fault(kind="status", times=2, status=429, retry_after=5, path="/coins/markets"),
        Fault(kind="replace_field", times=None, field="roi", value=[True]),
    )
    assert _call(simulator, "GET", "/faults").json() == both
    assert _call(simulator, "DELETE", "/faults").json() == []
    assert simulator.faults.waiting() == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("nonsense", "the body is not JSON"),
        ("3", "a fault is a JSON object"),
        ("{}", "a fault needs kind"),
        ('{"kind": "cut", "often": 3}', "unknown key 'often'"),
        ('{"kind": "slow", "seconds": "3"}', "seconds is '3', not of type int or float"),
        ('{"kind": "cut", "times": true}', "times is True, not of type int"),
        ('{"kind": "status"}', "needs status"),
        ('[{"kind": "cut"}, {"kind": "explosion"}]', "kind is 'explosion'"),
    ],
)
def test_faults_that_do_not_fit_are_refused_whole(simulator: Simulator, body: str, reason: str) -> None:
    response = _call(simulator, "POST", "/faults", body)
    assert response.status_code == 400
    assert reason in response.json()["error"]
    assert simulator.faults.waiting() == ()


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", "/clock")])
def test_anything_else_is_not_found(simulator: Simulator, method: str, path: str) -> None:
    response = _call(simulator, method, path)
    assert response.status_code == 404
    assert path in response.json()["error"]


def test_steering_is_neither_logged_nor_hit_by_faults(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=503, times=None))
    assert _call(simulator, "GET", "/clock").status_code == 200
    assert simulator.requests == ()

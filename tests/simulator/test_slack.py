import json

import pytest
import requests

from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator


def _post(simulator: Simulator, body: str) -> requests.Response:
    return requests.post(simulator.slack_webhook_url, data=body.encode(), timeout=5)


@pytest.mark.parametrize("body", ['{"text": "a & b"}', '{"blocks": [{"type": "divider"}]}'])
def test_a_message_is_taken_and_kept(simulator: Simulator, body: str) -> None:
    response = _post(simulator, body)
    assert (response.status_code, response.text) == (200, "ok")
    (message,) = simulator.slack_messages
    assert message.received_at == simulator.clock.now()
    assert message.body == json.loads(body)


def test_the_url_of_a_webhook_is_not_kept(simulator: Simulator) -> None:
    _post(simulator, '{"text": "hello"}')
    assert "/services/" not in repr((simulator.slack_messages, simulator.requests))
    assert simulator.requests == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "invalid_payload"),
        ("hello", "invalid_payload"),
        ('["text"]', "invalid_payload"),
        ("{}", "no_text"),
        ('{"text": "", "blocks": []}', "no_text"),
        ('{"blocks": "hello"}', "invalid_blocks"),
        ('{"blocks": [{"text": "without a type"}]}', "invalid_blocks"),
        (f'{{"blocks": [{{"type": "section", "text": {{"text": "{"x" * 3001}"}}}}]}}', "invalid_blocks"),
    ],
)
def test_a_body_that_is_no_message_is_refused(simulator: Simulator, body: str, reason: str) -> None:
    response = _post(simulator, body)
    assert (response.status_code, response.text) == (400, reason)
    assert simulator.slack_messages == ()


def test_a_url_that_is_no_webhook_is_unknown(simulator: Simulator) -> None:
    origin = simulator.base_url.removesuffix("/api/v3")
    response = requests.post(f"{origin}/services/elsewhere", json={"text": "hello"}, timeout=5)
    assert (response.status_code, response.text) == (404, "no_service")


def test_the_webhook_only_takes_post(simulator: Simulator) -> None:
    assert requests.get(simulator.slack_webhook_url, timeout=5).status_code == 400


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "invalid_token"), (404, "no_service"), (410, "channel_is_archived"), (500, "rollup_error")],
)
def test_a_refusal_is_one_word_and_keeps_nothing(simulator: Simulator, status: int, reason: str) -> None:
    simulator.faults.add(Fault(kind="status", status=status, path="/services"))
    response = _post(simulator, '{"text": "hello"}')
    assert (response.status_code, response.text) == (status, reason)
    assert response.headers["Content-Type"].startswith("text/plain")
    assert simulator.slack_messages == ()


def test_a_limit_carries_retry_after(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=429, retry_after=30, path="/services"))
    response = _post(simulator, '{"text": "hello"}')
    assert (response.status_code, response.headers["Retry-After"]) == (429, "30")


def test_an_answer_cut_short_comes_after_the_message_was_taken(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="cut", path="/services"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _post(simulator, '{"text": "hello"}')
    assert len(simulator.slack_messages) == 1

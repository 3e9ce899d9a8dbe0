import errno
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from pipeline_lib.alerts.context import AlertContext
from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.alerts.messages.composing import announce, slack_message
from pipeline_lib.common.http import Limits
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import (
    DeliveryUnknownError,
    PermanentError,
    SlackRefusedError,
    SlackUnavailableError,
    TemporaryError,
)
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from tests.alerts.samples import FIRED, event
from tests.fixtures.far_end import Behaviour, Watched, drips, far_end, says_nothing, sends, sends_for_ever

MESSAGE: dict[str, Any] = {"text": "📉 bitcoin -8.16 % &amp; more"}


def _fault(status: int, times: int | None = 1, retry_after: int | str | None = None) -> Fault:
    return Fault(kind="status", path="/services", status=status, times=times, retry_after=retry_after)


def test_a_message_arrives_as_it_was_made(
    webhook: SlackWebhook, simulator: Simulator, market: AlertContext
) -> None:
    message = slack_message([announce(market, [event(FIRED)], market.moment)])
    webhook.deliver(message)
    (taken,) = simulator.slack_messages
    assert json.dumps(taken.body) == json.dumps(message)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_a_temporary_refusal_is_tried_again(webhook: SlackWebhook, simulator: Simulator, status: int) -> None:
    simulator.faults.add(_fault(status, times=3))
    webhook.deliver(MESSAGE)
    assert [message.body for message in simulator.slack_messages] == [MESSAGE]


def test_what_was_sent_without_an_answer_is_not_sent_again_by_the_same_try(
    webhook: SlackWebhook, simulator: Simulator
) -> None:
    simulator.faults.add(Fault(kind="cut", path="/services"))
    with pytest.raises(DeliveryUnknownError, match=r"^no answer from Slack: ") as caught:
        webhook.deliver(MESSAGE)
    # It has arrived: only its answer was lost.
    assert [message.body for message in simulator.slack_messages] == [MESSAGE]
    assert isinstance(caught.value, TemporaryError)


def test_an_answer_that_is_too_late_does_not_make_four_messages_of_one(
    webhook: SlackWebhook, simulator: Simulator
) -> None:
    simulator.faults.add(Fault(kind="slow", path="/services", seconds=0.5, times=None))
    impatient = replace(webhook, limits=Limits(read_seconds=0.1))
    with pytest.raises(DeliveryUnknownError):
        impatient.deliver(MESSAGE)
    assert len(simulator.slack_messages) == 1


def test_a_gateway_that_gave_up_waiting_says_nothing_of_the_message(
    webhook: SlackWebhook, simulator: Simulator
) -> None:
    simulator.faults.add(_fault(504, times=2))
    with pytest.raises(DeliveryUnknownError):
        webhook.deliver(MESSAGE)
    assert [fault.times for fault in simulator.faults.waiting()] == [1]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"ok"),
        (200, b"ok\n"),
        (200, b'{"ok":true}'),
        (200, b'{"success": true, "channel": "x"}'),
        (200, b""),
        (202, b""),
        (204, b""),
    ],
)
def test_delivered_is_what_the_other_side_says_it_took(status: int, body: bytes) -> None:
    with far_end(sends(body, status)) as base_url:
        SlackWebhook(Secret(f"{base_url}/services/T0/B0/x")).deliver(MESSAGE)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><head><title>Sign in</title></head><body>ok</body></html>", "Sign in"),
        (b"<html><body>ok</body></html>", "a page without a title"),
        (b"no_service", "no_service"),
        (b'{"ok":false,"error":"invalid_auth"}', '{"ok":false,"error":"invalid_auth"}'),
        (b'{"ok":true,"success":false}', '{"ok":true,"success":false}'),
        (b'{"id":1}', '{"id":1}'),
        (b'"ok"', '"ok"'),
        (b"not ok", "not ok"),
        (b"1", "1"),
    ],
)
def test_any_other_answer_is_refused_with_its_first_words(body: bytes, reason: str) -> None:
    with far_end(sends(body)) as base_url, pytest.raises(SlackRefusedError) as caught:
        SlackWebhook(Secret(f"{base_url}/services/T0/B0/x")).deliver(MESSAGE)
    assert (caught.value.status, caught.value.reason) == (200, reason)
    assert ("make a new one" if reason == "no_service" else "a webhook answers ok") in caught.value.hint


def test_it_waits_for_as_long_as_slack_asks(webhook: SlackWebhook, simulator: Simulator) -> None:
    simulator.faults.add(_fault(429, retry_after=1))
    started = time.monotonic()
    webhook.deliver(MESSAGE)
    assert 1 <= time.monotonic() - started < 10
    assert len(simulator.slack_messages) == 1


def test_a_wait_that_is_too_long_is_left_to_the_scheduler(
    webhook: SlackWebhook, simulator: Simulator
) -> None:
    simulator.faults.add(_fault(429, retry_after=3600))
    started = time.monotonic()
    with pytest.raises(SlackUnavailableError) as caught:
        webhook.deliver(MESSAGE)
    assert time.monotonic() - started < 10
    assert caught.value.retry_after == 3600
    assert simulator.slack_messages == ()


def test_a_refusal_that_lasts_ends_after_all_tries(webhook: SlackWebhook, simulator: Simulator) -> None:
    simulator.faults.add(_fault(500, times=5))
    with pytest.raises(SlackUnavailableError) as caught:
        webhook.deliver(MESSAGE)
    assert isinstance(caught.value, TemporaryError)
    assert str(caught.value) == "Slack answered 500 rollup_error"
    assert [fault.times for fault in simulator.faults.waiting()] == [1]


@pytest.mark.parametrize(
    ("status", "reason", "advice"),
    [
        (400, "invalid_payload", "please report it"),
        (403, "invalid_token", "copy the whole address again"),
        (403, "action_prohibited", "ask one to allow the app"),
        (404, "no_service", "make a new one"),
        (404, "channel_not_found", "make a webhook for one that exists"),
        (410, "channel_is_archived", "bring the channel back from the archive"),
        (418, "teapot", "check that SLACK_WEBHOOK_URL, or the connection,"),
    ],
)
def test_a_permanent_refusal_is_told_at_once_with_what_to_do(
    webhook: SlackWebhook, simulator: Simulator, status: int, reason: str, advice: str
) -> None:
    fault = Fault(kind="status", path="/services", status=status, body=reason, times=2)
    simulator.faults.add(fault)
    with pytest.raises(SlackRefusedError) as caught:
        webhook.deliver(MESSAGE)
    assert isinstance(caught.value, PermanentError)
    assert (caught.value.status, caught.value.reason) == (status, reason)
    assert str(caught.value).startswith(f"Slack refused the message: {status} {reason} (")
    assert advice in caught.value.hint
    assert [fault.times for fault in simulator.faults.waiting()] == [1]


def test_a_reason_is_one_short_line(webhook: SlackWebhook, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", path="/services", status=403, body="no\r\n way " * 50))
    with pytest.raises(SlackRefusedError) as caught:
        webhook.deliver(MESSAGE)
    assert caught.value.reason == ("no way " * 50)[:199] + "…"


def test_a_redirect_is_not_followed(webhook: SlackWebhook, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="redirect", path="/services", location=simulator.slack_webhook_url))
    with pytest.raises(SlackRefusedError) as caught:
        webhook.deliver(MESSAGE)
    assert (caught.value.status, caught.value.reason) == (302, "a redirect to 127.0.0.1")
    assert simulator.slack_messages == ()


def test_a_message_that_slack_cannot_take_is_refused(webhook: SlackWebhook, simulator: Simulator) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    with pytest.raises(SlackRefusedError, match="400 invalid_blocks"):
        webhook.deliver({"text": "x", "blocks": [block]})
    assert simulator.slack_messages == ()


def test_where_nobody_listens_slack_is_unavailable(closed_port: int) -> None:
    url = Secret(f"http://127.0.0.1:{closed_port}/services/T0/B0/x")
    with pytest.raises(SlackUnavailableError) as caught:
        SlackWebhook(url, RetryPolicy(attempts=2, first_wait=0)).deliver(MESSAGE)
    refused = f"ConnectionError, [Errno {errno.ECONNREFUSED}] Connection refused"
    assert str(caught.value) == f"no answer from Slack: {refused}"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize(
    "behaviour",
    [says_nothing, drips(HEAD + b"X-Slow: "), drips(HEAD + b"Content-Length: 9999\r\n\r\n")],
    ids=["nothing", "headers byte by byte", "body byte by byte"],
)
def test_slack_is_not_waited_for_longer_than_a_call_may_take(behaviour: Behaviour) -> None:
    watched = Watched(behaviour)
    with far_end(watched) as base_url:
        limits = Limits(total_seconds=0.3)
        slow = SlackWebhook(Secret(f"{base_url}/services/T0/B0/x"), RetryPolicy(attempts=1), limits)
        with pytest.raises(DeliveryUnknownError) as caught:
            slow.deliver(MESSAGE)
        assert watched.hung_up.wait(5)
    assert str(caught.value) == "no answer from Slack: the call took longer than 0.3 s"


def test_the_usual_limits_are_those_of_the_page() -> None:
    limits = SlackWebhook(Secret("https://hooks.example")).limits
    assert limits == Limits(connect_seconds=5, read_seconds=15, total_seconds=30, most_bytes=64 * 1024)


def test_an_answer_that_never_ends_is_not_read_to_its_end() -> None:
    endless = sends_for_ever(HEAD + b"\r\nok", b" " * 65536)
    with far_end(endless) as base_url, pytest.raises(SlackRefusedError):
        SlackWebhook(Secret(f"{base_url}/services/T0/B0/x")).deliver(MESSAGE)


def test_of_a_page_of_html_the_title_is_told() -> None:
    page = b"<!doctype html><title>Blocked by the proxy</title><body><p>Ask IT"
    with far_end(sends(page, 403, "text/html")) as base_url, pytest.raises(SlackRefusedError) as caught:
        SlackWebhook(Secret(f"{base_url}/services/T0/B0/x")).deliver(MESSAGE)
    assert caught.value.reason == "Blocked by the proxy"

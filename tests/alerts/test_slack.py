import json
import time
from typing import Any

import pytest

from pipeline_lib.alerts.context import AlertContext
from pipeline_lib.alerts.messages.composing import announce, slack_messages
from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import PermanentError, SlackRefusedError, SlackUnavailableError, TemporaryError
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.server import Simulator
from tests.alerts.samples import FIRED, event

MESSAGE: dict[str, Any] = {"text": "📉 bitcoin -8.16 % &amp; more"}


def _fault(status: int, times: int | None = 1, retry_after: int | str | None = None) -> Fault:
    return Fault(kind="status", path="/services", status=status, times=times, retry_after=retry_after)


def test_a_message_arrives_as_it_was_made(
    webhook: SlackWebhook, simulator: Simulator, market: AlertContext
) -> None:
    ((message, _),) = slack_messages([announce(market, [event(FIRED)], market.moment)])
    webhook.deliver(message)
    (taken,) = simulator.slack_messages
    assert json.dumps(taken.body) == json.dumps(message)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_a_temporary_refusal_is_tried_again(webhook: SlackWebhook, simulator: Simulator, status: int) -> None:
    simulator.faults.add(_fault(status, times=3))
    webhook.deliver(MESSAGE)
    assert [message.body for message in simulator.slack_messages] == [MESSAGE]


def test_a_broken_connection_is_tried_again(webhook: SlackWebhook, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="cut", path="/services"))
    webhook.deliver(MESSAGE)
    # The first one arrived, too: only its answer was lost. To tell twice is better than never.
    assert [message.body for message in simulator.slack_messages] == [MESSAGE, MESSAGE]


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
    assert caught.value.reason == ("no way " * 50)[:100]


def test_a_redirect_is_not_followed(webhook: SlackWebhook, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="redirect", path="/services", location=simulator.slack_webhook_url))
    with pytest.raises(SlackRefusedError) as caught:
        webhook.deliver(MESSAGE)
    assert caught.value.status == 302
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
    assert str(caught.value) == "no answer from Slack: ConnectionError"

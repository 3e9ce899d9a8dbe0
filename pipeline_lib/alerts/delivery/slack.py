"""Delivery to a Slack incoming webhook. The webhook's address is a secret and stays out of every error."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pipeline_lib.common import http
from pipeline_lib.common.http.bounded_json import read_json
from pipeline_lib.common.http.foreign_text import readable
from pipeline_lib.common.retries import RetryPolicy, parse_retry_after
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import (
    AlertError,
    DeliveryUnknownError,
    MalformedJsonError,
    NoAnswerError,
    SlackRefusedError,
    SlackUnavailableError,
)

_SUCCESS = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
_SUCCESS_KEYS = ("ok", "success")
_NOT_SLACK = (
    "a webhook answers ok; is the address one, or does the page of a proxy or of a sign-in stand before it?"
)

# Slack answers with a word.
_LIMITS = http.Limits(most_bytes=64 * 1024)
_HEADERS = {"Content-Type": "application/json"}

# By Slack's own word for the error; see "Sending messages using incoming webhooks" in Slack's documentation.
_HINTS = {
    "no_service": "the webhook was revoked or never was; make a new one and store it in place of this one",
    "no_service_id": "the webhook's address is cut off; copy the whole of it",
    "invalid_token": "the webhook's last part is wrong or was replaced; copy the whole address again",
    "no_team": "the webhook's workspace is gone; make a webhook in one that exists",
    "team_disabled": "the webhook's workspace is disabled; make a webhook in one that isn't",
    "channel_not_found": "the webhook's channel was deleted; make a webhook for one that exists",
    "channel_is_archived": "bring the channel back from the archive, or make a webhook for another one",
    "action_prohibited": "an administrator has restricted who may post there; ask one to allow the app",
    "posting_to_general_channel_denied": "only some may post to that channel; make a webhook for another",
    "user_not_found": "who made the webhook is gone; make a new one",
    "invalid_payload": "Slack can't read the message: a fault of coin-pipelines, please report it",
    "invalid_blocks": "Slack can't show the message: a fault of coin-pipelines, please report it",
    "no_text": "the message is empty: a fault of coin-pipelines, please report it",
}


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """Where messages go.

    Attributes:
        url: The webhook's address.
        retry_policy: How often a failed delivery is tried.
        limits: How long one try may take, and how much of its answer is read.
    """

    url: Secret
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    limits: http.Limits = _LIMITS

    def deliver(self, message: Mapping[str, Any]) -> None:
        """Send a message; returning means that the other side said that it took it.

        A message that was sent without an answer isn't sent again here, since it may have arrived.

        Raises:
            SlackUnavailableError: It can't be reached or takes no message now, after all tries.
            DeliveryUnknownError: The message was sent, and no answer came.
            SlackRefusedError: The other side doesn't take the message, or is no webhook.
        """
        self.retry_policy.call(lambda: self._post(message), final=DeliveryUnknownError)

    def _post(self, message: Mapping[str, Any]) -> None:
        body = json.dumps(message, allow_nan=False).encode()
        request = http.Request("POST", self.url.reveal(), headers=_HEADERS, body=body)
        try:
            answer = http.send(request, self.limits, (self.url,))
        except NoAnswerError as error:
            kind = DeliveryUnknownError if error.was_sent else SlackUnavailableError
            raise kind(f"no answer from Slack: {error.reason}") from error
        if not _says_delivered(answer):
            raise _failure(answer)


def _says_delivered(answer: http.Answer) -> bool:
    """Whether the other side took the message: Slack answers ``ok``, services like it JSON or nothing."""
    if answer.status not in _SUCCESS or not answer.is_whole:
        return False
    body = answer.body.strip()
    return body in {b"", b"ok"} or _says_success(body)


def _says_success(body: bytes) -> bool:
    try:
        content = read_json(body.decode("utf-8", errors="replace"))
    except MalformedJsonError:
        return False
    if not isinstance(content, Mapping):
        return False
    said = [content[key] for key in _SUCCESS_KEYS if key in content]
    return bool(said) and all(value is True for value in said)


def _failure(answer: http.Answer) -> AlertError:
    status = answer.status
    if answer.redirect_host:
        return SlackRefusedError(status, f"a redirect to {answer.redirect_host}")
    reason = readable(answer.body.decode("utf-8", errors="replace"))
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        # Who stands between gave up waiting: Slack itself may have taken it.
        return DeliveryUnknownError(f"no answer from Slack: {status} {reason}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SlackUnavailableError(
            f"Slack answered {status} {reason}",
            retry_after=parse_retry_after(answer.headers.get("retry-after"), datetime.now(UTC)),
        )
    hint = _HINTS.get(reason, _NOT_SLACK if status in _SUCCESS else "")
    return SlackRefusedError(status, reason, hint=hint)

"""Delivery to a Slack incoming webhook. The webhook's address is a secret and stays out of every error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pipeline_lib.errors import SlackRefusedError, SlackUnavailableError
from pipeline_lib.retrying import RetryPolicy, parse_retry_after
from pipeline_lib.secret import Secret

_TIMEOUT_SECONDS = (5.0, 15.0)
_LONGEST_REASON = 100


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """Where messages go.

    Attributes:
        url: The webhook's address.
        retry_policy: How often a failed delivery is tried.
    """

    url: Secret
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    def deliver(self, message: Mapping[str, Any]) -> None:
        """Send a message; returning means that Slack took it.

        Raises:
            SlackUnavailableError: No usable answer, after all tries.
            SlackRefusedError: Slack doesn't take the message or the webhook.
        """
        self.retry_policy.call(lambda: self._post(message))

    def _post(self, message: Mapping[str, Any]) -> None:
        import requests  # heavy, and not needed to parse a DAG

        # The texts and the chain of requests' exceptions hold the address: only the type goes on.
        failure = ""
        try:
            response = requests.post(
                self.url.reveal(), json=message, timeout=_TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            failure = type(error).__name__
        if failure:
            raise SlackUnavailableError(f"no answer from Slack: {failure}")
        status, reason = response.status_code, " ".join(response.text.split())[:_LONGEST_REASON]
        if status == HTTPStatus.OK:
            return
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SlackUnavailableError(
                f"Slack answered {status} {reason}",
                retry_after=parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC)),
            )
        raise SlackRefusedError(status, reason)

"""Where notices to operators go: Slack, and whatever apprise knows (mail, Teams, PagerDuty and others)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline_lib.alerts.delivery.slack import SlackWebhook
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import AppriseFailedError, CoinPipelinesError, OpsAlertFailedError, SettingsError
from pipeline_lib.ops.messages import ops_plain_text, ops_plain_title, ops_slack_message
from pipeline_lib.ops.notices import OpsNotice

_VARIABLE = "OPS_ALERT_URLS"


class Channel(Protocol):
    """One way to operators."""

    def deliver(self, notice: OpsNotice) -> None:
        """Deliver a notice; returning means that the channel took it.

        Raises:
            CoinPipelinesError: It didn't.
        """


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A Slack webhook.

    Attributes:
        webhook: The webhook.
    """

    webhook: SlackWebhook

    def deliver(self, notice: OpsNotice) -> None:
        """Deliver a notice as a Slack message.

        Raises:
            AlertError: Slack didn't take it.
        """
        self.webhook.deliver(ops_slack_message(notice))


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """An address of apprise's, such as ``mailto://user:password@example.com``.

    Attributes:
        url: The address, which often holds a password.
        place: Its place among the addresses, from 1, by which errors name it.
    """

    url: Secret
    place: int

    def deliver(self, notice: OpsNotice) -> None:
        """Deliver a notice as plain text.

        Raises:
            SettingsError: apprise isn't installed, or can't read the address.
            AppriseFailedError: It wasn't delivered.
        """
        try:
            from apprise import Apprise, NotifyFormat  # noqa: PLC0415 (an extra, and heavy)
        except ImportError as error:
            raise SettingsError(
                _VARIABLE,
                "needs apprise, which isn't installed",
                hint="pip install 'coin-pipelines[apprise]'",
            ) from error
        apprise = Apprise()
        if not apprise.add(self.url.reveal()):
            raise SettingsError(
                _VARIABLE,
                f"holds an address that apprise can't read, at place {self.place}",
                hint="https://appriseit.com/services lists their forms",
            )
        taken = apprise.notify(
            body=ops_plain_text(notice), title=ops_plain_title(notice), body_format=NotifyFormat.TEXT
        )
        if not taken:
            raise AppriseFailedError(self.place)


def deliver_to_all(channels: Sequence[Channel], notice: OpsNotice) -> None:
    """Deliver a notice to every channel, whatever becomes of the others.

    Raises:
        OpsAlertFailedError: One or more channels missed it.
    """
    failures: list[CoinPipelinesError] = []
    for channel in channels:
        try:
            channel.deliver(notice)
        except CoinPipelinesError as error:
            failures.append(error)
    if failures:
        raise OpsAlertFailedError(notice.title, tuple(failures), len(channels))

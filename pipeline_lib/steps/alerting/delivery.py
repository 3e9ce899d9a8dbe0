"""Announcements on their way to Slack: those of pipelines that fire in one moment go in one message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.alerts.messages.composing import slack_messages
from pipeline_lib.common.secret import Secret
from pipeline_lib.model.announcement import Announcement
from pipeline_lib.model.events import Event
from pipeline_lib.settings import Settings
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.alerting.evaluation import ALLOWED_LATENESS
from pipeline_lib.steps.run import Services
from pipeline_lib.store.state.alert_records import AlertRecord, AlertRecords, DeliveryStatus, settled_keys
from pipeline_lib.store.state.outbox import Outbox

# What Slack allows a webhook in the long run.
_SECONDS_BETWEEN_MESSAGES = 1.0


@dataclass(frozen=True, slots=True)
class Channel:
    """The pipelines that share a webhook.

    Attributes:
        outbox: Theirs.
        webhook: Theirs.
        grouping_seconds: How long the first one waits for the others; 0 for not at all.
    """

    outbox: Outbox
    webhook: Secret
    grouping_seconds: float


def deliver(
    events: Sequence[Event],
    compose: Callable[[Sequence[Event]], Announcement],
    channel: Channel,
    services: Services,
) -> bool:
    """See to it that events are told and recorded, by this process or by another one.

    They are laid into the channel's outbox first. Whoever gets the right to send waits for the other
    pipelines of the moment, sends all that waits in one message, and records it for each of them. When the
    sender dies, the next one takes over; what it finds recorded it doesn't send again.

    Args:
        events: Of one pipeline; at least one.
        compose: Puts some of them into words.
        channel: Where they go.
        services: Reaches Slack.

    Returns:
        Whether this process sent them.

    Raises:
        AlertError: They weren't delivered.
        StoreError: Others send for too long, or a file is damaged.
        OSError: The disk is full or read-only.
    """
    outbox, own = channel.outbox, compose(events)
    outbox.put(own)
    with outbox.sending():
        undelivered = _undelivered(own, services.settings)
        if not undelivered:
            outbox.take_out(own.pipeline)
            return False
        own = compose(undelivered)
        if channel.grouping_seconds:
            services.sleep(channel.grouping_seconds)
        slack = services.open_slack(channel.webhook)
        for number, (message, told) in enumerate(slack_messages(_group(own, outbox, services.settings))):
            if number:
                services.sleep(_SECONDS_BETWEEN_MESSAGES)
            slack.deliver(message)
            for each in told:
                # From Slack's answer to here a kill makes it told twice: too often rather than never.
                record = AlertRecord(
                    DeliveryStatus.DELIVERED, each.moment, services.now(), each.events, message
                )
                AlertRecords(_alerts_folder(each.pipeline, services.settings)).add(record)
                outbox.take_out(each.pipeline)
    return True


def _group(own: Announcement, outbox: Outbox, settings: Settings) -> Sequence[Announcement]:
    """What is told together with ``own``: what waits of its moment, unless some of it was told meanwhile."""
    others = [
        each
        for each in outbox.waiting()
        if each.pipeline != own.pipeline
        and each.moment == own.moment
        and len(_undelivered(each, settings)) == len(each.events)
    ]
    return sorted((own, *others), key=lambda each: each.pipeline)


def _undelivered(announcement: Announcement, settings: Settings) -> Sequence[Event]:
    first = min(event.moment for event in announcement.events)
    # A backfilled run records what it brings about up to two days later.
    records = AlertRecords(_alerts_folder(announcement.pipeline, settings)).since(first - ALLOWED_LATENESS)
    settled = settled_keys(records)
    return [event for event in announcement.events if event.key not in settled]


def _alerts_folder(pipeline: str, settings: Settings) -> Path:
    return Layout.of(pipeline, settings).alerts

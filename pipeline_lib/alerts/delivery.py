"""Delivery of events to Slack: those of pipelines that fire at one moment share a message."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline_lib.alerts.channel import Channel
from pipeline_lib.alerts.evaluation import ALLOWED_LATENESS
from pipeline_lib.alerts.messages.composing import slack_messages
from pipeline_lib.model.announcement import Announcement
from pipeline_lib.model.events import Event
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.state.alert_records import AlertRecord, AlertRecords, DeliveryStatus, settled_keys

# What Slack allows a webhook in the long run.
_SECONDS_BETWEEN_MESSAGES = 1.0


def deliver(
    events: Sequence[Event], compose: Callable[[Sequence[Event]], Announcement], channel: Channel
) -> bool:
    """Deliver events and record that, in this process or in another one.

    The events go into the channel's outbox first. The process that gets the right to send waits for the
    other pipelines of the moment, sends all that is in the outbox in one message, and records the delivery
    for each pipeline. When the sender dies, the next one takes over; it doesn't send again what is recorded.

    Args:
        events: Of one pipeline; at least one.
        compose: Puts some of them into words.
        channel: Where they go.

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
        undelivered = _undelivered(own, channel.data_dir)
        if not undelivered:
            outbox.take_out(own.pipeline)
            return False
        own = compose(undelivered)
        if channel.grouping_seconds:
            channel.sleep(channel.grouping_seconds)
        for number, (message, announcements) in enumerate(slack_messages(_group(own, channel))):
            if number:
                channel.sleep(_SECONDS_BETWEEN_MESSAGES)
            channel.slack.deliver(message)
            for each in announcements:
                # A kill between Slack's answer and this record delivers twice: rather twice than never.
                record = AlertRecord(
                    DeliveryStatus.DELIVERED, each.moment, channel.now(), each.events, message
                )
                _records(each.pipeline, channel.data_dir).add(record)
                outbox.take_out(each.pipeline)
    return True


def _group(own: Announcement, channel: Channel) -> Sequence[Announcement]:
    """What is sent together with ``own``: all of its moment in the outbox of which nothing is delivered."""
    others = [
        each
        for each in channel.outbox.waiting()
        if each.pipeline != own.pipeline
        and each.moment == own.moment
        and len(_undelivered(each, channel.data_dir)) == len(each.events)
    ]
    return sorted((own, *others), key=lambda each: each.pipeline)


def _undelivered(announcement: Announcement, data_dir: Path) -> Sequence[Event]:
    first = min(event.moment for event in announcement.events)
    # A backfilled run records what it brings about up to two days later.
    records = _records(announcement.pipeline, data_dir).since(first - ALLOWED_LATENESS)
    settled = settled_keys(records)
    return [event for event in announcement.events if event.key not in settled]


def _records(pipeline: str, data_dir: Path) -> AlertRecords:
    return AlertRecords(Layout.below(data_dir, pipeline).alerts)

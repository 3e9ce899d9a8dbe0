"""What waits to be sent, as the sender of a channel reserves it: one message at a time, before it is sent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline_lib.alerts.messages.composing import slack_message
from pipeline_lib.database.alerting import events, messages
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.alerting.messages import MessageStatus, WaitingMessage
from pipeline_lib.errors import DeliveryUnknownError
from pipeline_lib.model.announcement import Announcement
from pipeline_lib.model.events import DeliveryStatus, Event, RecordedEvent

if TYPE_CHECKING:
    from sqlalchemy import Connection

Compose = Callable[[int, Sequence[Event]], Announcement]
"""Puts some events of one series, which is given by its key, into words."""


@dataclass(frozen=True, slots=True)
class Post:
    """What one try of one run has to send.

    Attributes:
        channel: Name of the channel.
        series_ids: Keys of the run's series that have something to send.
        run_moment: The run's moment (UTC).
        compose: Puts some of their events into words.
        messages_before: Key of the newest message before this try. What an earlier message carries without
            a known answer is sent again, since its sender is gone; what a later one carries isn't, since
            that would be the same try.
    """

    channel: str
    series_ids: frozenset[int]
    run_moment: datetime
    compose: Compose
    messages_before: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """A message that may be sent.

    Attributes:
        id: Key of the message.
        payload: What is to be sent.
        run_moment: Of the runs that it is about (UTC).
        series_ids: Keys of the series that it is about.
    """

    id: int
    payload: Mapping[str, Any]
    run_moment: datetime
    series_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Sendable:
    series_id: int
    announcement: Announcement
    recorded: Sequence[RecordedEvent]


def put(connection: "Connection", post: Post, pending: Mapping[int, Sequence[RecordedEvent]]) -> None:
    """Have events wait for whoever sends.

    Args:
        connection: A transaction that writes.
        post: What the run has to send.
        pending: At least one event of each of its series, by the key of the series.
    """
    events.lock(connection, pending)
    waiting = []
    for series_id, recorded in pending.items():
        announcement = post.compose(series_id, [each.event for each in recorded])
        waiting.append(
            WaitingMessage(
                series_id=series_id,
                pipeline=announcement.pipeline,
                coin=announcement.coin,
                run_moment=post.run_moment,
                headline=announcement.headline,
                blocks=announcement.blocks,
                event_ids=[each.id for each in recorded],
            )
        )
    messages.put(connection, post.channel, waiting)


def own_open(connection: "Connection", post: Post) -> Sequence[RecordedEvent]:
    """The run's waiting events that are still to be sent.

    Args:
        connection: A transaction.
        post: What the run has to send.
    """
    waiting = messages.read_waiting(connection, post.channel, post.run_moment)
    ids = [key for each in waiting if each.series_id in post.series_ids for key in each.event_ids]
    return [each for each in events.read(connection, ids) if each.status.is_open]


def reserve_next(connection: "Connection", post: Post, at: datetime) -> Reserved | None:
    """Reserve the next message of the channel and the run's moment, with all that waits.

    Args:
        connection: A transaction that writes; nothing may be sent before it is committed.
        post: What the run has to send.
        at: When, by the real clock (UTC).

    Returns:
        The message, or None when nothing waits.

    Raises:
        DeliveryUnknownError: The run's own events were sent during this try, and no answer came.
    """
    listed = messages.read_waiting(connection, post.channel, post.run_moment)
    events.lock(connection, [each.series_id for each in listed])
    # What waits may have changed before the locks were there.
    sendable = list(_sendable(connection, post))
    if not sendable:
        return None
    payload = slack_message([each.announcement for each in sendable])
    message_id = messages.reserve(connection, post.channel, post.run_moment, payload, at)
    recorded = [each for one in sendable for each in one.recorded]
    lost = {each.message_id for each in recorded if each.status is DeliveryStatus.SENDING}
    messages.give_up(connection, [key for key in lost if key is not None], at)
    events.reserve(connection, [each.id for each in recorded], message_id, at)
    return Reserved(message_id, payload, post.run_moment, [each.series_id for each in sendable])


def settle_delivered(connection: "Connection", reserved: Reserved, at: datetime) -> None:
    """Record that a message was delivered.

    Args:
        connection: A transaction that writes.
        reserved: The message.
        at: When, by the real clock (UTC).
    """
    events.lock(connection, reserved.series_ids)
    messages.finish(connection, reserved.id, MessageStatus.DELIVERED, at)
    events.settle_message(connection, reserved.id, Settlement(DeliveryStatus.DELIVERED, at))
    messages.take_out_sent(connection, reserved.series_ids, reserved.run_moment)


def settle_undelivered(connection: "Connection", reserved: Reserved, at: datetime, reason: str) -> None:
    """Record that a message wasn't delivered; it waits for the next try.

    Args:
        connection: A transaction that writes.
        reserved: The message.
        at: When, by the real clock (UTC).
        reason: Why, without a secret.
    """
    events.lock(connection, reserved.series_ids)
    messages.finish(connection, reserved.id, MessageStatus.UNDELIVERED, at, reason)
    events.settle_message(connection, reserved.id, Settlement(DeliveryStatus.UNDELIVERED, at))


def _sendable(connection: "Connection", post: Post) -> Iterator[_Sendable]:
    listed = messages.read_waiting(connection, post.channel, post.run_moment)
    known = events.read(connection, [key for waiting in listed for key in waiting.event_ids])
    recorded = {each.id: each for each in known}
    for waiting in listed:
        of_series = [recorded[key] for key in waiting.event_ids if key in recorded]
        still_open = [each for each in of_series if each.status.is_open]
        is_own = waiting.series_id in post.series_ids
        if not still_open or not (is_own or len(still_open) == len(waiting.event_ids)):
            # Of others, who composed it, only the whole is sent.
            continue
        if any(_was_sent_meanwhile(each, post) for each in still_open):
            if is_own:
                raise DeliveryUnknownError("no answer came to the message that carried these events")
            continue
        open_events = [each.event for each in still_open]
        announcement = (
            post.compose(waiting.series_id, open_events) if is_own else _of_others(waiting, open_events)
        )
        may_be_repeat = any(each.status is DeliveryStatus.SENDING for each in still_open)
        yield _Sendable(waiting.series_id, replace(announcement, may_be_repeat=may_be_repeat), still_open)


def _was_sent_meanwhile(recorded: RecordedEvent, post: Post) -> bool:
    message_id = recorded.message_id or 0
    return recorded.status is DeliveryStatus.SENDING and message_id > post.messages_before


def _of_others(waiting: WaitingMessage, open_events: Sequence[Event]) -> Announcement:
    return Announcement(
        pipeline=waiting.pipeline,
        coin=waiting.coin,
        moment=waiting.run_moment,
        headline=waiting.headline,
        blocks=waiting.blocks,
        events=open_events,
    )

"""Delivery of events to Slack: those of pipelines that fire at one moment share a message."""

from collections.abc import Sequence

from pipeline_lib.alerts.delivery import outbox
from pipeline_lib.alerts.delivery.channel import Channel
from pipeline_lib.alerts.delivery.outbox import Post, Reserved
from pipeline_lib.database.alerting import messages
from pipeline_lib.database.alerting.messages import MessageStatus
from pipeline_lib.database.engine.locks import try_lock
from pipeline_lib.errors import CoinPipelinesError, DeliveryUnknownError
from pipeline_lib.model.events import RecordedEvent

# What Slack allows a webhook in the long run.
_SECONDS_BETWEEN_MESSAGES = 1.0
_SECONDS_BETWEEN_LOOKS = 0.5


def deliver(post: Post, channel: Channel) -> bool:
    """Deliver what a run has put into the outbox, in this process or in another one.

    The process that gets the right to send waits for the other pipelines of the moment and sends all that
    is in the outbox in one message. Each message is reserved in the database before it is sent: what can't
    be reserved isn't sent. When a sender dies, the next one takes over, and says that it may repeat.

    Args:
        post: What the run has to send.
        channel: Where it goes.

    Returns:
        Whether this process sent it.

    Raises:
        WaitNeededError: It is to be delivered later, if nobody else does so.
        AlertError: It wasn't delivered, or nobody knows whether it was.
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    while True:
        channel.database.close()
        # The lock only saves calls: who holds it still sends nothing that isn't reserved.
        with try_lock(channel.database.address, f"alerts {channel.name}") as is_sender:
            if is_sender:
                return _send_all(post, channel)
        if not _find_waiting(post, channel):
            return False
        channel.wait(_SECONDS_BETWEEN_LOOKS, f"another process sends the alerts of {channel.name}")


def _send_all(post: Post, channel: Channel) -> bool:
    own = _find_waiting(post, channel)
    if not own:
        return False
    passed = channel.now() - max(each.recorded_at for each in own)
    left = min(channel.grouping_seconds - passed.total_seconds(), channel.grouping_seconds)
    if left > 0:
        channel.wait(left, "alerts of other pipelines may share the message")
    while reserved := _reserve_next(post, channel):
        _send(reserved, channel)
        if not _has_more(post, channel):
            break
        channel.wait(_SECONDS_BETWEEN_MESSAGES, "Slack takes a message a second")
    return True


def _find_waiting(post: Post, channel: Channel) -> Sequence[RecordedEvent]:
    with channel.database.reading() as connection:
        own = outbox.own_open(connection, post)
    channel.database.close()
    return own


def _has_more(post: Post, channel: Channel) -> bool:
    with channel.database.reading() as connection:
        waiting = messages.read_waiting(connection, post.channel, post.run_moment)
    channel.database.close()
    return bool(waiting)


def _reserve_next(post: Post, channel: Channel) -> Reserved | None:
    with channel.database.writing() as connection:
        reserved = outbox.reserve_next(connection, post, channel.now())
    channel.database.close()
    return reserved


def _send(reserved: Reserved, channel: Channel) -> None:
    try:
        channel.slack.deliver(reserved.payload)
    except DeliveryUnknownError as error:
        # Its events stay reserved, until a later try takes them over.
        with channel.database.writing() as connection:
            messages.finish(connection, reserved.id, MessageStatus.UNKNOWN, channel.now(), error.message)
        raise
    except CoinPipelinesError as error:
        # One that waits for Slack's permission to send is not delivered either.
        with channel.database.writing() as connection:
            outbox.settle_undelivered(connection, reserved, channel.now(), error.message)
        raise
    with channel.database.writing() as connection:
        outbox.settle_delivered(connection, reserved, channel.now())

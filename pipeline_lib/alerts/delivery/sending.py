"""Delivery of events to Slack: those of pipelines that fire at one moment share a message."""

from pipeline_lib.alerts.delivery import outbox
from pipeline_lib.alerts.delivery.channel import Channel
from pipeline_lib.alerts.delivery.outbox import Post, Reserved
from pipeline_lib.database.alerting import messages
from pipeline_lib.database.alerting.messages import MessageStatus
from pipeline_lib.database.engine.locks import try_lock
from pipeline_lib.errors import AlertError, DeliveryUnknownError, SlackUnavailableError

# What Slack allows a webhook in the long run.
_SECONDS_BETWEEN_MESSAGES = 1.0
# Longer than a delivery with all its tries usually takes.
_LONGEST_WAIT_SECONDS = 180.0
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
        AlertError: It wasn't delivered, or nobody knows whether it was.
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    for _ in range(int(_LONGEST_WAIT_SECONDS / _SECONDS_BETWEEN_LOOKS)):
        channel.database.close()
        # The lock only saves calls: who holds it still sends nothing that isn't reserved.
        with try_lock(channel.database.address, f"alerts {channel.name}") as is_sender:
            if is_sender:
                return _send_all(post, channel)
        if not _is_waiting(post, channel):
            return False
        channel.database.close()
        channel.sleep(_SECONDS_BETWEEN_LOOKS)
    raise SlackUnavailableError(f"another process sends for more than {_LONGEST_WAIT_SECONDS:g} s")


def _send_all(post: Post, channel: Channel) -> bool:
    if not _is_waiting(post, channel):
        return False
    if channel.grouping_seconds:
        channel.database.close()
        channel.sleep(channel.grouping_seconds)
    is_first = True
    while reserved := _reserve_next(post, channel):
        if not is_first:
            channel.sleep(_SECONDS_BETWEEN_MESSAGES)
        is_first = False
        _send(reserved, channel)
    return True


def _is_waiting(post: Post, channel: Channel) -> bool:
    with channel.database.reading() as connection:
        return bool(outbox.own_open(connection, post))


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
    except AlertError as error:
        with channel.database.writing() as connection:
            outbox.settle_undelivered(connection, reserved, channel.now(), error.message)
        raise
    with channel.database.writing() as connection:
        outbox.settle_delivered(connection, reserved, channel.now())

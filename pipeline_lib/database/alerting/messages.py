"""Messages to a channel: composed ones that wait in the outbox, and those that were sent."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import messages, outbox, pipelines, series


class MessageStatus(Enum):
    """What became of a message."""

    SENDING = "sending"
    """It is being sent, or its sender has died."""
    DELIVERED = "delivered"
    """The other side said that it took it."""
    UNDELIVERED = "undelivered"
    """The other side didn't take it."""
    UNKNOWN = "unknown"
    """It was sent, and no answer came."""


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """What a pipeline says of one of its series, ready to be sent.

    Attributes:
        series_id: Key of the series.
        pipeline: Name of the pipeline.
        coin: CoinGecko id.
        run_moment: Of the run that composed it (UTC).
        headline: One line of plain text.
        blocks: Slack's blocks below the headline.
        event_ids: Keys of the events that it is about.
    """

    series_id: int
    pipeline: str
    coin: str
    run_moment: datetime
    headline: str
    blocks: Sequence[Mapping[str, Any]]
    event_ids: Sequence[int]


def put(connection: Connection, channel: str, waiting: Sequence[WaitingMessage]) -> None:
    """Keep what series have to say, in the place of what they had to say before.

    Args:
        connection: A transaction that writes and holds the locks of the series.
        channel: Variable or connection that holds the webhook.
        waiting: What is to be sent, at least one, each of another series.
    """
    statement = insert_or_ignore(connection, outbox)
    columns = ("channel", "run_moment", "headline", "blocks", "event_ids")
    statement = statement.on_conflict_do_update(
        index_elements=["series_id"], set_={name: statement.excluded[name] for name in columns}
    )
    rows = [
        {
            "series_id": each.series_id,
            "channel": channel,
            "run_moment": each.run_moment,
            "headline": each.headline,
            "blocks": json.dumps(each.blocks, ensure_ascii=False),
            "event_ids": json.dumps(list(each.event_ids)),
        }
        for each in waiting
    ]
    connection.execute(statement, rows)


def read_waiting(connection: Connection, channel: str, run_moment: datetime) -> list[WaitingMessage]:
    """What waits to be sent together, by pipeline and coin.

    Args:
        connection: A transaction.
        channel: Variable or connection that holds the webhook.
        run_moment: Of the runs (UTC).
    """
    query = (
        select(outbox, series.c.coin, pipelines.c.name)
        .join(series, series.c.id == outbox.c.series_id)
        .join(pipelines, pipelines.c.id == series.c.pipeline_id)
        .where(outbox.c.channel == channel, outbox.c.run_moment == run_moment)
        .order_by(pipelines.c.name, series.c.coin)
    )
    return [
        WaitingMessage(
            series_id=row.series_id,
            pipeline=row.name,
            coin=row.coin,
            run_moment=row.run_moment,
            headline=row.headline,
            blocks=json.loads(row.blocks),
            event_ids=json.loads(row.event_ids),
        )
        for row in connection.execute(query)
    ]


def find_waiting(connection: Connection, series_ids: Collection[int]) -> frozenset[int]:
    """Those of some series that have something in the outbox."""
    return frozenset(connection.scalars(select(outbox.c.series_id).where(outbox.c.series_id.in_(series_ids))))


def take_out(connection: Connection, series_ids: Collection[int]) -> None:
    """Forget what series had to say."""
    connection.execute(delete(outbox).where(outbox.c.series_id.in_(series_ids)))


def take_out_sent(connection: Connection, series_ids: Collection[int], run_moment: datetime) -> None:
    """Forget what series had to say of a moment; what a later run has put there since stays.

    Args:
        connection: A transaction that writes and holds the locks of the series.
        series_ids: Keys of the series.
        run_moment: Of the run that composed it (UTC).
    """
    connection.execute(
        delete(outbox).where(outbox.c.series_id.in_(series_ids), outbox.c.run_moment == run_moment)
    )


def newest(connection: Connection) -> int:
    """Key of the message that was reserved last; 0 before the first."""
    return connection.scalar(select(func.max(messages.c.id))) or 0


def reserve(
    connection: Connection, channel: str, run_moment: datetime, payload: Mapping[str, Any], at: datetime
) -> int:
    """Enter a message before it is sent.

    Args:
        connection: A transaction that writes.
        channel: Variable or connection that holds the webhook.
        run_moment: Of the runs whose events it carries (UTC).
        payload: What will be sent.
        at: When, by the real clock (UTC).

    Returns:
        The message's key.
    """
    statement = messages.insert().values(
        channel=channel,
        run_moment=run_moment,
        payload=json.dumps(payload, ensure_ascii=False),
        status=MessageStatus.SENDING.value,
        started_at=at,
    )
    key: int = connection.execute(statement.returning(messages.c.id)).scalar_one()
    return key


def finish(
    connection: Connection, message_id: int, status: MessageStatus, at: datetime, detail: str | None = None
) -> None:
    """Record what became of a message.

    Args:
        connection: A transaction that writes.
        message_id: Key of the message.
        status: What became of it.
        at: When, by the real clock (UTC).
        detail: Why it wasn't delivered, or None.
    """
    connection.execute(
        update(messages)
        .where(messages.c.id == message_id)
        .values(status=status.value, finished_at=at, detail=detail)
    )


def give_up(connection: Connection, message_ids: Collection[int], at: datetime) -> None:
    """Record of messages whose sender is gone that nobody knows what became of them.

    Args:
        connection: A transaction that writes.
        message_ids: Keys of the messages; one whose end is recorded stays as it is.
        at: When, by the real clock (UTC).
    """
    connection.execute(
        update(messages)
        .where(messages.c.id.in_(message_ids), messages.c.status == MessageStatus.SENDING.value)
        .values(status=MessageStatus.UNKNOWN.value, finished_at=at, detail="its sender ended without a word")
    )

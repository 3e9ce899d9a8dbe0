"""Events of rules, and what became of each.

Whoever writes events or the outbox of a series holds the lock of the series' row, so that what was read
before still holds when it is written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, column, func, or_, select, true, update, values

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import events, series
from pipeline_lib.model.events import DeliveryStatus, Event, EventKind, RecordedEvent, RuleInfo

_OPEN = [status.value for status in DeliveryStatus if status.is_open]
_MISSED = [DeliveryStatus.UNDELIVERED.value, DeliveryStatus.EXPIRED.value]
_OF_OBSERVATIONS = ("episode_since", "direction", "step", "value", "threshold", "unit", "scope")
_OF_DELIVERY = ("status", "message_id", "recorded_at")


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of events.

    Attributes:
        status: The same for all of them.
        recorded_at: When, by the real clock (UTC).
        message_id: Key of the message that carries them, or None.
    """

    status: DeliveryStatus
    recorded_at: datetime
    message_id: int | None = None


def lock(connection: Connection, series_ids: Iterable[int]) -> None:
    """Hold series against other writers of their events until the transaction ends.

    Args:
        connection: A transaction that writes; SQLite's holds the whole database anyway.
        series_ids: Keys of the series; they are locked in their order, so that two never wait for each other.
    """
    query = select(series.c.id).where(series.c.id.in_(set(series_ids))).order_by(series.c.id)
    # Observations that refer to the series may come in meanwhile.
    connection.execute(query.with_for_update(key_share=True)).all()


def read_since(connection: Connection, series_id: int, since: datetime) -> list[RecordedEvent]:
    """The recorded events of a series at or after a moment, by moment.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        since: The first moment (UTC).
    """
    query = select(events).where(events.c.series_id == series_id, events.c.moment >= since)
    return _read(connection, query)


def read_all_since(connection: Connection, since: Mapping[int, datetime]) -> dict[int, list[RecordedEvent]]:
    """The recorded events of series at or after a moment each, by moment; some have none.

    Args:
        connection: A transaction.
        since: The first moment (UTC) by the key of the series.
    """
    if not since:
        return {}
    query = select(events).where(events.c.series_id.in_(since), events.c.moment >= min(since.values()))
    found: dict[int, list[RecordedEvent]] = {}
    for row in connection.execute(query.order_by(events.c.moment, events.c.id)):
        if row.moment >= since[row.series_id]:
            found.setdefault(row.series_id, []).append(_recorded(row))
    return found


def read(connection: Connection, event_ids: Collection[int]) -> list[RecordedEvent]:
    """Events by their keys, by moment; those that are gone are left out."""
    return _read(connection, select(events).where(events.c.id.in_(event_ids)))


def count_missed(connection: Connection, since: datetime) -> Mapping[int, int]:
    """How many events people missed: refused or expired ones, by the key of their series.

    Args:
        connection: A transaction.
        since: The first moment that counts (UTC).
    """
    # A look at each series' newest events, however many there are in all.
    missed = (
        select(func.count())
        .where(events.c.series_id == series.c.id, events.c.moment >= since, events.c.status.in_(_MISSED))
        .scalar_subquery()
    )
    rows = connection.execute(select(series.c.id, missed))
    return {series_id: count for series_id, count in rows if count}


def read_unended(connection: Connection, rules: Collection[str]) -> list[tuple[int, Event]]:
    """The newest event of each rule over each series that doesn't end its episode, with the series' key.

    Args:
        connection: A transaction.
        rules: Names of the rules that are looked at.
    """
    if not rules:
        return []
    named = values(column("rule", Text), name="named").data([(rule,) for rule in sorted(rules)]).cte("named")
    of_rule = events.alias()
    newest = (
        select(of_rule.c.id)
        .where(of_rule.c.series_id == series.c.id, of_rule.c.rule == named.c.rule)
        .order_by(of_rule.c.moment.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(events)
        .join_from(series, named, true())
        .join(events, events.c.id == newest)
        .where(events.c.kind != EventKind.CLEARED.value)
    )
    return [(row.series_id, _event(row)) for row in connection.execute(query)]


def add_pending(
    connection: Connection, series_id: int, pending: Sequence[Event], recorded_at: datetime
) -> None:
    """Record events that are to be sent; one that is recorded keeps its status.

    Args:
        connection: A transaction that writes and holds the series' lock.
        series_id: Key of the series.
        pending: The events.
        recorded_at: When, by the real clock (UTC).
    """
    # What a message says of an open event follows its observations, of which some come late.
    _upsert(connection, series_id, pending, Settlement(DeliveryStatus.PENDING, recorded_at), _OF_OBSERVATIONS)


def settle(connection: Connection, series_id: int, settled: Sequence[Event], settlement: Settlement) -> None:
    """Record what became of events; one that is settled already stays as it is.

    Args:
        connection: A transaction that writes and holds the series' lock.
        series_id: Key of the series.
        settled: The events.
        settlement: What became of them.
    """
    _upsert(connection, series_id, settled, settlement, (*_OF_OBSERVATIONS, *_OF_DELIVERY))


def settle_open(
    connection: Connection, series_ids: Collection[int], up_to: datetime, settlement: Settlement
) -> None:
    """Settle every recorded event that is still to be sent, up to a moment.

    Args:
        connection: A transaction that writes and holds the locks of the series.
        series_ids: Keys of the series.
        up_to: The last moment (UTC).
        settlement: What became of them.
    """
    connection.execute(
        update(events)
        .where(events.c.series_id.in_(series_ids), events.c.moment <= up_to, events.c.status.in_(_OPEN))
        .values(status=settlement.status.value, recorded_at=settlement.recorded_at)
    )


def reopen(connection: Connection, series_id: int, waiting: Sequence[Event]) -> None:
    """Have events sent again that are settled as unknown; their message will say that it may be a repeat.

    Args:
        connection: A transaction that writes and holds the series' lock.
        series_id: Key of the series.
        waiting: The events.
    """
    for event in waiting:
        connection.execute(
            update(events)
            .where(
                events.c.series_id == series_id,
                events.c.rule == event.rule.name,
                events.c.kind == event.kind.value,
                events.c.moment == event.moment,
                events.c.status == DeliveryStatus.UNKNOWN.value,
            )
            .values(status=DeliveryStatus.SENDING.value)
        )


def reserve(connection: Connection, event_ids: Collection[int], message_id: int, at: datetime) -> None:
    """Mark events as sent with a message whose answer isn't known.

    Args:
        connection: A transaction that writes and holds the locks of their series.
        event_ids: Keys of the events.
        message_id: Key of the message.
        at: When, by the real clock (UTC).
    """
    connection.execute(
        update(events)
        .where(events.c.id.in_(event_ids))
        .values(status=DeliveryStatus.SENDING.value, message_id=message_id, recorded_at=at)
    )


def settle_message(connection: Connection, message_id: int, settlement: Settlement) -> None:
    """Record what became of the events that a message carries, unless another message carries them by now.

    Args:
        connection: A transaction that writes and holds the locks of their series.
        message_id: Key of the message.
        settlement: What became of them.
    """
    connection.execute(
        update(events)
        .where(events.c.message_id == message_id, events.c.status == DeliveryStatus.SENDING.value)
        .values(status=settlement.status.value, recorded_at=settlement.recorded_at)
    )


def _upsert(
    connection: Connection,
    series_id: int,
    written: Sequence[Event],
    settlement: Settlement,
    changed: Sequence[str],
) -> None:
    if not written:
        return
    statement = insert_or_ignore(connection, events)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["series_id", "rule", "moment", "kind"],
            set_={name: statement.excluded[name] for name in changed},
            # An IN can't be sent with many rows.
            where=or_(*(events.c.status == status for status in _OPEN)),
        ),
        [_values(series_id, event, settlement) for event in written],
    )


def _read(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[RecordedEvent]:
    return [_recorded(row) for row in connection.execute(query.order_by(events.c.moment, events.c.id))]


def _values(series_id: int, event: Event, settlement: Settlement) -> dict[str, object]:
    return {
        "series_id": series_id,
        "rule": event.rule.name,
        "episode_since": event.since,
        "kind": event.kind.value,
        "step": event.step,
        "moment": event.moment,
        "direction": event.direction,
        "value": event.value,
        "threshold": event.rule.threshold,
        "unit": event.rule.unit,
        "scope": event.rule.scope,
        "status": settlement.status.value,
        "message_id": settlement.message_id,
        "recorded_at": settlement.recorded_at,
    }


def _recorded(row: Row[*tuple[Any, ...]]) -> RecordedEvent:
    return RecordedEvent(row.id, _event(row), DeliveryStatus(row.status), row.message_id, row.recorded_at)


def _event(row: Row[*tuple[Any, ...]]) -> Event:
    return Event(
        kind=EventKind(row.kind),
        moment=row.moment,
        since=row.episode_since,
        direction=row.direction,
        step=row.step,
        value=row.value,
        rule=RuleInfo(row.rule, row.threshold, row.unit, row.scope),
    )

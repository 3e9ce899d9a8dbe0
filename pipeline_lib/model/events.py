"""What rules read, and the episodes that their readings make."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple, TypeAlias


class Reading(NamedTuple):
    """What a rule says of one observation. A replay makes them by the hundred thousand.

    Attributes:
        level: The measured value as a multiple of its threshold, with the value's sign; an episode begins at
            1 in either direction.
        value: What was measured, in the rule's unit, with its sign.
    """

    level: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What a rule measures, for messages.

    Attributes:
        name: The rule's name: ``1h``, ``z_score_7d``.
        threshold: From which value on the rule fires, in either direction.
        unit: What stands behind a value: ``%``, ``deviations``.
        scope: What a value is of: ``in 24h``, ``from the 7d mean``.
    """

    name: str
    threshold: Decimal
    unit: str
    scope: str


class EventKind(Enum):
    """What happened to an episode."""

    FIRED = "fired"
    """It begins: the threshold is crossed."""
    GROWN = "grown"
    """The move has passed another multiple of its threshold."""
    REMINDED = "reminded"
    """It has lasted for the cooldown since its last event."""
    CLEARED = "cleared"
    """It is over."""


EventKey: TypeAlias = tuple[str, EventKind, datetime]
"""What makes an event the same one: its rule, its kind and its moment."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an episode.

    Attributes:
        kind: What happened.
        moment: When, as the moment of an observation (UTC).
        since: When the episode began (UTC).
        direction: 1 for an episode above, -1 for one below.
        step: The greatest whole multiple of its threshold that the episode has passed so far, 1 or more.
        value: The rule's value at ``moment``.
        rule: What was measured.
    """

    kind: EventKind
    moment: datetime
    since: datetime
    direction: int
    step: int
    value: Decimal
    rule: RuleInfo

    @property
    def key(self) -> EventKey:
        """The same for the same event, whichever run comes to it."""
        return (self.rule.name, self.kind, self.moment)


class DeliveryStatus(Enum):
    """What became of an event."""

    PENDING = "pending"
    """It waits to be sent."""
    SENDING = "sending"
    """It was reserved for a request whose answer isn't known; a later try sends it again and says so."""
    DELIVERED = "delivered"
    """The other side said that it took a message with it."""
    UNDELIVERED = "undelivered"
    """The other side didn't take it; a later try sends it again."""
    EXPIRED = "expired"
    """It stayed undelivered for a day."""
    BACKFILLED = "backfilled"
    """A backfilled observation brought it about, which alerts nobody."""
    UNKNOWN = "unknown"
    """Its delivery record is lost; it is never sent, and counts as delivered for what follows."""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be sent."""
        return self in _OPEN

    @property
    def counts_as_delivered(self) -> bool:
        """Whether what follows may take it as known to people."""
        return self in {DeliveryStatus.DELIVERED, DeliveryStatus.UNKNOWN}


_OPEN = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.UNDELIVERED})


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event with what became of it.

    Attributes:
        id: Key of its row.
        event: What happened.
        status: What became of it.
        message_id: Key of the newest message that carries it, or None.
        recorded_at: When it got its status, by the real clock (UTC).
    """

    id: int
    event: Event
    status: DeliveryStatus
    message_id: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode that goes on.

    Attributes:
        since: When it began (UTC).
        direction: 1 or -1.
        step: The greatest whole multiple of its threshold that an event was made for.
        last_event_at: The moment of its last event (UTC).
    """

    since: datetime
    direction: int
    step: int
    last_event_at: datetime

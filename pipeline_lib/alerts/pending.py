"""The events that a run has to deliver: undelivered ones up to its moment."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline_lib.model.events import Event, EventKey, EventKind

LONGEST_PENDING = timedelta(hours=24)
"""An event that stays undelivered for longer than this expires: it is no longer news."""

_RISES = (EventKind.FIRED, EventKind.GROWN)


@dataclass(frozen=True, slots=True)
class Pending:
    """The undelivered events up to a run, by moment.

    Attributes:
        events: To be delivered.
        expired: Undelivered for more than a day before the run.
    """

    events: tuple[Event, ...]
    expired: tuple[Event, ...]


def select_pending(
    events: Sequence[Event],
    settled: Collection[EventKey],
    delivered: Iterable[Event],
    run_moment: datetime,
) -> Pending:
    """What a run has to deliver.

    An event is needless, and neither pending nor expired, when a message has said the same of the same
    episode, as happens after an observation that came late, or when it ends an episode of which nothing was
    delivered.

    Args:
        events: Of all rules up to ``run_moment`` or later, as far back as a run looks.
        settled: What was delivered, or won't be; never pending again.
        delivered: The events of delivered messages, also of those that later observations made untrue.
        run_moment: The run's moment (UTC). Its own events never expire.
    """
    messages = tuple(delivered)
    unsettled = sorted(
        (event for event in events if event.moment <= run_moment and event.key not in settled),
        key=lambda event: event.moment,
    )
    pending: list[Event] = []
    expired: list[Event] = []
    for event in unsettled:
        end = _end_of_episode(event, events)
        of_episode = [message for message in (*messages, *pending) if _is_of_episode(message, event, end)]
        if not _is_needless(event, of_episode):
            (expired if event.moment < run_moment - LONGEST_PENDING else pending).append(event)
    return Pending(tuple(pending), tuple(expired))


def _end_of_episode(event: Event, events: Sequence[Event]) -> datetime:
    """The last moment of an event's episode, as far as it is known; the end of time when it goes on."""
    ends = [
        other.moment if other.since == event.since else other.since
        for other in events
        if other.rule.name == event.rule.name
        and ((other.since == event.since and other.kind is EventKind.CLEARED) or other.since > event.since)
    ]
    return min(ends, default=datetime.max.replace(tzinfo=UTC))


def _is_of_episode(message: Event, event: Event, end: datetime) -> bool:
    # An observation that came late moves an episode's beginning: what was delivered of it lies within it.
    return (
        message.rule.name == event.rule.name
        and message.direction == event.direction
        and message.since <= end
        and message.moment >= event.since
    )


def _is_needless(event: Event, messages: Sequence[Event]) -> bool:
    match event.kind:
        case EventKind.CLEARED:
            return not messages or any(message.kind is EventKind.CLEARED for message in messages)
        case EventKind.REMINDED:
            return any(
                message.moment >= event.moment and message.kind is not EventKind.CLEARED
                for message in messages
            )
        case _:
            return any(message.kind in _RISES and message.step >= event.step for message in messages)

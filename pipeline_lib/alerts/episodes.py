"""Episodes: a threshold that stays crossed for a day is one event, not 24 messages.

The events of a rule are a pure function of its readings by moment: the same observations give the same
events, in whatever order they came, however often a run was repeated.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from pipeline_lib.alerts.gaps import GapLimit
from pipeline_lib.model.events import Episode, Event, EventKind, Reading, RuleInfo

_FIRES = 1


@dataclass(frozen=True, slots=True)
class EpisodePolicy:
    """When an episode has events, and when nobody knows whether it goes on.

    Attributes:
        clear_level: The part of the threshold that a move must fall below, in absolute terms, to be over.
        cooldown: How long after its last event an episode has a reminder, or None for never.
        gap_limit: How long the series may be without an observation.
    """

    clear_level: Decimal
    cooldown: timedelta | None
    gap_limit: GapLimit


class Transition(NamedTuple):
    """What an observation did to its rule's episode. A replay makes them by the hundred thousand.

    Attributes:
        moment: Of the observation (UTC).
        episode: The episode that goes on after it, or None.
        event: What happened to its episode, or None.
        follows_gap: Whether the episode before it ended as unknown, in a gap that is too long.
    """

    moment: datetime
    episode: Episode | None
    event: Event | None
    follows_gap: bool = False


def follow(
    readings: Iterable[tuple[datetime, Reading | None]],
    rule: RuleInfo,
    policy: EpisodePolicy,
    episode: Episode | None = None,
    moments_before: Sequence[datetime] = (),
) -> Iterator[Transition]:
    """Follow a rule through time. After a gap that is too long its episode is over, without an event.

    Args:
        readings: By moment, oldest first.
        rule: What the rule measures.
        policy: When an episode has events.
        episode: What went on before the first reading, or None.
        moments_before: Of the observations that the first readings look back at (UTC), oldest first.
    """
    recent = policy.gap_limit.recent(moments_before)
    for moment, reading in readings:
        follows_gap = episode is not None and policy.gap_limit.is_exceeded(recent, moment)
        if follows_gap:
            episode = None
        recent.append(moment)
        event = None if reading is None else _next_event(episode, moment, reading, rule, policy)
        if event is not None:
            episode = _after(event)
        yield Transition(moment, episode, event, follows_gap)


def _next_event(
    episode: Episode | None, moment: datetime, reading: Reading, rule: RuleInfo, policy: EpisodePolicy
) -> Event | None:
    # Not abs(), which rounds to the 28 digits of Python's default context.
    level = reading.level.copy_abs()
    direction = -1 if reading.level < 0 else 1
    if level >= _FIRES and (episode is None or direction != episode.direction):
        return Event(EventKind.FIRED, moment, moment, direction, int(level), reading.value, rule)
    if episode is None:
        return None
    reminder = Event(
        EventKind.REMINDED, moment, episode.since, episode.direction, episode.step, reading.value, rule
    )
    if level < policy.clear_level:
        return replace(reminder, kind=EventKind.CLEARED)
    if direction == episode.direction and int(level) > episode.step:
        return replace(reminder, kind=EventKind.GROWN, step=int(level))
    if policy.cooldown is not None and moment - episode.last_event_at >= policy.cooldown:
        return reminder
    return None


def _after(event: Event) -> Episode | None:
    if event.kind is EventKind.CLEARED:
        return None
    return Episode(event.since, event.direction, event.step, event.moment)

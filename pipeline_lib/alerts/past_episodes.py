"""The episodes of a whole history, for people to look at."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipeline_lib.alerts.episodes import EpisodePolicy, follow
from pipeline_lib.model.events import Event, EventKind, Reading, RuleInfo


@dataclass(frozen=True, slots=True)
class PastEpisode:
    """An episode from its beginning on.

    Attributes:
        events: By moment; the first one fired it.
        ended: When it was over, or turned into one of the other direction; None when it goes on, and when
            its end lies in a gap.
        peak: The value furthest in its direction.
        ends_in_gap: Whether nobody knows when it ended.
    """

    events: Sequence[Event]
    ended: datetime | None
    peak: Decimal
    ends_in_gap: bool = False


def past_episodes(
    readings: Iterable[tuple[datetime, Reading | None]], rule: RuleInfo, policy: EpisodePolicy
) -> Iterator[PastEpisode]:
    """The episodes of one rule, oldest first.

    Args:
        readings: By moment, oldest first.
        rule: What the rule measures.
        policy: When an episode has events.
    """
    rows = list(readings)
    events: list[Event] = []
    peak = Decimal(0)
    for (moment, reading), transition in zip(rows, follow(rows, rule, policy), strict=True):
        event = transition.event
        if transition.follows_gap and events:
            yield PastEpisode(tuple(events), None, peak, ends_in_gap=True)
            events = []
        if event is not None and event.kind is EventKind.FIRED:
            if events:
                yield PastEpisode(tuple(events), moment, peak)
            events, peak = [event], event.value
            continue
        if not events:
            continue
        if event is not None:
            events.append(event)
        if reading is not None:
            peak = max(peak, reading.value, key=lambda value: value * events[0].direction)
        if transition.episode is None:
            yield PastEpisode(tuple(events), moment, peak)
            events = []
    if events:
        yield PastEpisode(tuple(events), None, peak)

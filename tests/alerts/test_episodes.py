from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.alerts.episodes import EpisodePolicy, Transition, follow
from pipeline_lib.alerts.past_episodes import past_episodes
from pipeline_lib.model.events import Reading
from tests.alerts.samples import DAY_MOVE, HOUR, at

POLICY = EpisodePolicy(Decimal("0.7"), None)
LEVELS = st.lists(st.none() | st.decimals(-4, 4, places=1), max_size=40)


def _transitions(levels: Sequence[str | None], policy: EpisodePolicy = POLICY) -> list[Transition]:
    readings = [
        (at(hour), None if level is None else Reading(Decimal(level), Decimal(level) * 8))
        for hour, level in enumerate(levels)
    ]
    return list(follow(readings, DAY_MOVE, policy))


def _happened(levels: Sequence[str | None], policy: EpisodePolicy = POLICY) -> list[str]:
    events = [transition.event for transition in _transitions(levels, policy) if transition.event]
    return [f"{event.kind.value} {(event.moment - at(0)) // HOUR}" for event in events]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["0.5", "0.9999", "-0.99"], []),
        (["1"], ["fired 0"]),
        (["-1"], ["fired 0"]),
        (["1", "1.9", "0.7", "1.2"], ["fired 0"]),
        (["1", "0.6999"], ["fired 0", "cleared 1"]),
        (["1", "-0.6"], ["fired 0", "cleared 1"]),
        (["1", "-0.8", "0.9"], ["fired 0"]),
        (["1", "2", "1.1", "2.5", "3"], ["fired 0", "grown 1", "grown 4"]),
        (["2.5", "2.9", "3.1"], ["fired 0", "grown 2"]),
        (["1", "-1", "-2"], ["fired 0", "fired 1", "grown 2"]),
        (["1", "0", "1"], ["fired 0", "cleared 1", "fired 2"]),
        (["1", None, None, "0"], ["fired 0", "cleared 3"]),
        ([None, "1"], ["fired 1"]),
    ],
)
def test_an_episode_has_events_when_it_begins_grows_changes_direction_and_ends(
    levels: list[str | None], expected: list[str]
) -> None:
    assert _happened(levels) == expected


def test_after_the_cooldown_an_episode_has_a_reminder() -> None:
    policy = EpisodePolicy(Decimal("0.7"), timedelta(hours=3))
    levels = ["1", "1", "1", "1", "1", "2", "1", None, None, "1", "0"]
    assert _happened(levels, policy) == ["fired 0", "reminded 3", "grown 5", "reminded 9", "cleared 10"]


def test_what_is_told_knows_its_episode() -> None:
    fired, grown, cleared = (transition.event for transition in _transitions(["-1", "-2.2", "0"]))
    assert fired is not None
    assert grown is not None
    assert cleared is not None
    assert (fired.since, grown.since, cleared.since) == (at(0), at(0), at(0))
    assert (fired.step, grown.step, cleared.step) == (1, 2, 2)
    assert {fired.direction, grown.direction, cleared.direction} == {-1}
    assert grown.value == Decimal("-17.6")


@given(LEVELS, st.integers(0, 40))
def test_a_fold_may_stop_anywhere_and_go_on(levels: list[Decimal | None], place: int) -> None:
    policy = EpisodePolicy(Decimal("0.7"), timedelta(hours=4))
    readings = [
        (at(hour), None if level is None else Reading(level, level)) for hour, level in enumerate(levels)
    ]
    whole = list(follow(readings, DAY_MOVE, policy))
    first = list(follow(readings[:place], DAY_MOVE, policy))
    episode = first[-1].episode if first else None
    assert first + list(follow(readings[place:], DAY_MOVE, policy, episode)) == whole


@given(LEVELS)
def test_past_episodes_hold_every_event_once(levels: list[Decimal | None]) -> None:
    readings = [
        (at(hour), None if level is None else Reading(level, level)) for hour, level in enumerate(levels)
    ]
    events = [transition.event for transition in follow(readings, DAY_MOVE, POLICY) if transition.event]
    episodes = list(past_episodes(readings, DAY_MOVE, POLICY))
    assert [event for episode in episodes for event in episode.events] == events
    for episode in episodes:
        first = episode.events[0]
        assert all(event.since == first.moment for event in episode.events)
        assert abs(episode.peak) >= max(
            abs(event.value) for event in episode.events if event.step == first.step
        )

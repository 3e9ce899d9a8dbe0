from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.alerts.episodes import EpisodePolicy, Transition, follow
from pipeline_lib.alerts.gaps import GapLimit
from pipeline_lib.alerts.past_episodes import past_episodes
from pipeline_lib.model.events import EventKind, Reading
from pipeline_lib.specs import Schedule
from tests.alerts.samples import DAY_MOVE, HOUR, at

DAY = GapLimit(timedelta(hours=24), Schedule("@hourly"))
POLICY = EpisodePolicy(Decimal("0.7"), None, DAY)
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
    policy = EpisodePolicy(Decimal("0.7"), timedelta(hours=3), DAY)
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


def _after_gap(hours: float, level: str, gap_limit: GapLimit = DAY) -> Transition:
    policy = EpisodePolicy(Decimal("0.7"), None, gap_limit)
    levels = [(0.0, "1"), (1.0, "1"), (1 + hours, level)]
    readings = [(at(hour), Reading(Decimal(text), Decimal(text) * 8)) for hour, text in levels]
    return list(follow(readings, DAY_MOVE, policy))[-1]


def test_in_a_gap_longer_than_its_rule_looks_back_an_episode_ends_without_an_event() -> None:
    assert _after_gap(25, "0") == Transition(at(26), None, None, follows_gap=True)
    cleared = _after_gap(24, "0")
    assert cleared.event is not None
    assert (cleared.event.kind, cleared.follows_gap) == (EventKind.CLEARED, False)


def test_what_is_beyond_its_threshold_after_the_gap_is_a_new_episode() -> None:
    fired = _after_gap(25, "1").event
    assert fired is not None
    assert (fired.kind, fired.since) == (EventKind.FIRED, at(26))


@pytest.mark.parametrize(
    ("gap_limit", "hours", "follows_gap"),
    [
        # The last two observations took an hour.
        (GapLimit(2, Schedule("@hourly")), 1, False),
        (GapLimit(2, Schedule("@hourly")), 2, True),
        # Between two moments of a schedule nothing is missing.
        (GapLimit(timedelta(hours=1), Schedule("@daily")), 8, False),
        (GapLimit(timedelta(hours=1), Schedule("@daily")), 33, True),
    ],
)
def test_a_gap_is_what_lacks_a_moment_of_the_schedule(
    gap_limit: GapLimit, hours: float, *, follows_gap: bool
) -> None:
    assert _after_gap(hours, "1", gap_limit).follows_gap is follows_gap


def test_a_past_episode_whose_end_lies_in_a_gap_has_no_end() -> None:
    hours = (0, 1, 535 * 24, 535 * 24 + 1)
    levels = ("1", "2", "0", "1")
    readings = [
        (at(hour), Reading(Decimal(one), Decimal(one))) for hour, one in zip(hours, levels, strict=True)
    ]
    first, second = past_episodes(readings, DAY_MOVE, POLICY)
    assert ([event.kind for event in first.events], first.ended, first.ends_in_gap) == (
        [EventKind.FIRED, EventKind.GROWN],
        None,
        True,
    )
    assert (second.ended, second.ends_in_gap) == (None, False)


@given(LEVELS, st.integers(0, 40))
def test_a_fold_may_stop_anywhere_and_go_on(levels: list[Decimal | None], place: int) -> None:
    policy = EpisodePolicy(Decimal("0.7"), timedelta(hours=4), DAY)
    readings = [
        (at(hour), None if level is None else Reading(level, level)) for hour, level in enumerate(levels)
    ]
    whole = list(follow(readings, DAY_MOVE, policy))
    first = list(follow(readings[:place], DAY_MOVE, policy))
    episode = first[-1].episode if first else None
    moments_before = [moment for moment, _ in readings[:place]]
    assert first + list(follow(readings[place:], DAY_MOVE, policy, episode, moments_before)) == whole


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

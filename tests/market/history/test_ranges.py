from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.market.history.ranges import LONGEST_RANGE, HistoryRange, range_needed, range_to_ask

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TOLERANCE = timedelta(minutes=75)


def test_a_range_is_asked_for_forward_up_to_now() -> None:
    needed = range_needed(NOON, TOLERANCE)
    assert needed == HistoryRange(NOON - DAY - TOLERANCE, NOON)
    long_ago = NOON - 999 * DAY
    ahead = range_to_ask(needed, long_ago, NOON + 365 * DAY, [])
    start = needed.start - 2 * DAY
    assert ahead == HistoryRange(start, start + LONGEST_RANGE)
    recent = range_to_ask(needed, long_ago, NOON + HOUR, [])
    assert recent == HistoryRange(NOON + HOUR - LONGEST_RANGE, NOON + HOUR)


@given(
    age=st.integers(0, 400 * 24),
    reach=st.integers(1, 400),
    known=st.lists(st.integers(-400 * 24, 400 * 24), max_size=5),
)
def test_what_is_asked_for_serves_the_moment_by_the_hour(age: int, reach: int, known: list[int]) -> None:
    needed, now = range_needed(NOON, TOLERANCE), NOON + age * HOUR
    earliest = max(now - reach * DAY, needed.start)
    asked = range_to_ask(needed, earliest, now, [NOON + hours * HOUR for hours in known])
    assert max(needed.start, earliest) >= asked.start >= earliest
    assert needed.end <= asked.end <= now
    assert asked.end - asked.start <= LONGEST_RANGE


@pytest.mark.parametrize("step", [HOUR, DAY, 7 * DAY, -HOUR, -DAY, -7 * DAY])
def test_a_year_takes_few_ranges_forward_and_backward(step: timedelta) -> None:
    now = NOON
    moments = [now - 360 * DAY + number * HOUR for number in range(0, 360 * 24, abs(step) // HOUR)]
    asked: list[HistoryRange] = []
    for moment in moments if step > timedelta(0) else reversed(moments):
        needed = range_needed(moment, TOLERANCE)
        if not any(known.start <= needed.start and needed.end <= known.end for known in asked):
            asked.append(range_to_ask(needed, now - 365 * DAY, now, [known.start for known in asked]))
    assert len(asked) in {4, 5}

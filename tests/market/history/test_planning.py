from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from pipeline_lib.errors import HistoryReachError
from pipeline_lib.market.history.planning import HistoryTerms, PlannedCalls
from pipeline_lib.model.answers import AnsweredRange

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TERMS = HistoryTerms(
    now=NOW,
    earliest=NOW - 365 * DAY,
    shared_from=NOW - timedelta(minutes=1),
    tolerance=timedelta(minutes=75),
    most_answers=8,
)


def calls(moments: Sequence[datetime], at_hand: Sequence[AnsweredRange] = ()) -> int:
    planned = PlannedCalls(TERMS, at_hand)
    return sum(map(planned.add, moments))


@pytest.mark.parametrize(("days", "expected"), [(1, 1), (85, 1), (89, 2), (175, 3), (363, 5)])
def test_a_call_serves_the_hours_of_85_days(days: int, expected: int) -> None:
    assert calls([NOW - days * DAY + number * HOUR for number in range(days * 24 + 1)]) == expected


def test_what_is_at_hand_needs_no_call_unless_its_points_may_still_have_changed() -> None:
    moment = NOW - 10 * DAY
    for age, expected in ((timedelta(minutes=59), 1), (HOUR, 0)):
        answered = AnsweredRange(moment - 30 * DAY, moment + DAY, moment + age)
        assert calls([moment], [answered]) == expected


def test_no_more_than_the_answers_that_are_kept_are_at_hand() -> None:
    old = [AnsweredRange(NOW - 300 * DAY, NOW - 290 * DAY, NOW - DAY)]
    # The next answer pushes the oldest out.
    later = [AnsweredRange(NOW - 20 * DAY, NOW - 19 * DAY, NOW)] * 7
    planned = PlannedCalls(TERMS, [*later, *old])
    assert planned.add(NOW - 250 * DAY)
    assert len(planned.at_hand) == 8
    assert planned.add(NOW - 291 * DAY)


def test_a_moment_before_the_reach_of_the_plan_is_refused_unless_its_answer_is_at_hand() -> None:
    moment = TERMS.earliest - HOUR
    with pytest.raises(HistoryReachError):
        calls([moment])
    assert calls([moment], [AnsweredRange(moment - 2 * DAY, NOW - 300 * DAY, NOW - DAY)]) == 0

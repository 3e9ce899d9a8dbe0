"""How often operators hear of a problem."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.ops.problems import REMINDER, Notification, add_failure, add_notification, decide, is_over

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTIFIED = OpenProblem(MOMENT, MOMENT, 1, {"OSError": MOMENT})


def test_a_first_failure_is_new() -> None:
    assert decide(None, "OSError", MOMENT) is Notification.NEW
    assert add_failure(None, MOMENT) == OpenProblem(MOMENT, MOMENT, 1, {})


def test_the_same_is_reported_again_after_a_day() -> None:
    assert decide(NOTIFIED, "OSError", MOMENT + REMINDER - timedelta(seconds=1)) is Notification.NOTHING
    assert decide(NOTIFIED, "OSError", MOMENT + REMINDER) is Notification.STILL


def test_a_notification_of_a_clock_that_was_fast_counts_as_old() -> None:
    assert decide(NOTIFIED, "OSError", MOMENT - timedelta(minutes=1)) is Notification.NOTHING
    assert decide(NOTIFIED, "OSError", MOMENT - timedelta(minutes=1, seconds=1)) is Notification.STILL


def test_another_kind_of_trouble_is_new() -> None:
    assert decide(NOTIFIED, "StoreBusyError", MOMENT + HOUR) is Notification.NEW
    both = add_notification(NOTIFIED, "StoreBusyError", MOMENT + HOUR)
    assert decide(both, "OSError", MOMENT + HOUR) is Notification.NOTHING


def test_a_problem_knows_when_it_began_and_which_run_failed_last() -> None:
    later = add_failure(NOTIFIED, MOMENT + HOUR)
    assert (later.since, later.last, later.runs) == (MOMENT, MOMENT + HOUR, 2)
    assert later.notified_at == NOTIFIED.notified_at


def test_the_success_of_an_earlier_run_ends_nothing() -> None:
    problem = add_failure(NOTIFIED, MOMENT + HOUR)
    assert not is_over(problem, MOMENT)
    assert is_over(problem, MOMENT + HOUR)
    assert is_over(problem, MOMENT + 2 * HOUR)


@given(
    st.lists(
        st.tuples(st.sampled_from(["OSError", "StoreBusyError"]), st.integers(0, 180)),
        min_size=1,
        max_size=200,
    )
)
def test_no_kind_is_reported_twice_a_day_and_none_goes_unreported(failures: list[tuple[str, int]]) -> None:
    problem, now = None, MOMENT
    notified: dict[str, list[datetime]] = {"OSError": [], "StoreBusyError": []}
    for kind, minutes in failures:
        now += timedelta(minutes=minutes)
        notification = decide(problem, kind, now)
        problem = add_failure(problem, now)
        if notification is not Notification.NOTHING:
            problem = add_notification(problem, kind, now)
            notified[kind].append(now)
        # Whoever reads all messages knows of this failure since a day ago at most.
        assert now - notified[kind][-1] < REMINDER
    for moments in notified.values():
        assert all(later - earlier >= REMINDER for earlier, later in pairwise(moments))

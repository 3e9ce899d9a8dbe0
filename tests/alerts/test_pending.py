import pytest

from pipeline_lib.alerts.pending import Pending, select_pending
from pipeline_lib.model.events import Event
from tests.alerts.samples import CLEARED, FIRED, GROWN, REMINDED, at, event


def _pending(events: list[Event], delivered: list[Event] | None = None, hours: float = 0) -> Pending:
    messages = delivered or []
    return select_pending(events, {message.key for message in messages}, messages, at(hours))


def test_what_happened_now_is_pending() -> None:
    assert _pending([event(FIRED)]) == Pending((event(FIRED),), ())


def test_what_was_delivered_is_not_pending_again() -> None:
    assert _pending([event(FIRED)], delivered=[event(FIRED)]) == Pending((), ())


def test_what_is_undelivered_is_pending_until_a_day_has_passed() -> None:
    assert _pending([event(FIRED)], hours=24) == Pending((event(FIRED),), ())
    assert _pending([event(FIRED)], hours=24.1) == Pending((), (event(FIRED),))


def test_what_comes_after_the_run_is_left_to_later_runs() -> None:
    assert _pending([event(FIRED), event(CLEARED, 3, since=0)], hours=2).events == (event(FIRED),)


def test_pending_events_stand_by_moment() -> None:
    events = [event(CLEARED, 3, since=0), event(FIRED)]
    assert _pending(events, hours=3).events == (event(FIRED), event(CLEARED, 3, since=0))


def test_the_end_of_what_nobody_knows_of_is_not_pending() -> None:
    cleared = event(CLEARED, 3, since=0)
    assert _pending([cleared], hours=3) == Pending((), ())
    assert _pending([cleared], delivered=[event(FIRED)], hours=3).events == (cleared,)


@pytest.mark.parametrize(
    ("now_true", "delivered_before", "is_pending"),
    [
        # The beginning is found to be earlier than was delivered.
        ([event(FIRED, 0)], [event(FIRED, 1)], False),
        ([event(FIRED, 0)], [event(FIRED, 1, value="9")], True),
        ([event(FIRED, 0), event(CLEARED, 0.5, since=0)], [event(FIRED, 1)], True),
        # The end is found to be earlier.
        ([event(CLEARED, 1, since=0)], [event(FIRED, 0), event(CLEARED, 2, since=0)], False),
        # The growth is: the same step was delivered, or a smaller one.
        ([event(GROWN, 1, since=0, step=2)], [event(FIRED, 0), event(GROWN, 2, since=0, step=2)], False),
        ([event(GROWN, 1, since=0, step=3)], [event(FIRED, 0), event(GROWN, 2, since=0, step=2)], True),
        # A reminder is, by something delivered since.
        ([event(REMINDED, 1, since=0)], [event(FIRED, 0), event(REMINDED, 2, since=0)], False),
        ([event(REMINDED, 1, since=0)], [event(FIRED, 0)], True),
    ],
)
def test_a_late_observation_makes_nothing_delivered_twice(
    now_true: list[Event], delivered_before: list[Event], *, is_pending: bool
) -> None:
    assert (now_true[0] in _pending(now_true, delivered=delivered_before, hours=3).events) is is_pending

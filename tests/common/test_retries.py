import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline_lib.common.retries import RetryPolicy, parse_retry_after
from pipeline_lib.errors import CoinPipelinesError, PermanentError, TemporaryError, UnknownCoinError

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
PATIENT = RetryPolicy(attempts=4, first_wait=0.0, longest_wait=0.0)


def failing(*errors: Exception) -> tuple[Callable[[], str], list[float]]:
    """A function that raises ``errors`` in turn and then gives its result; and when it was called."""
    calls: list[float] = []
    left = list(errors)

    def function() -> str:
        calls.append(time.monotonic())
        if left:
            raise left.pop(0)
        return "result"

    return function, calls


def test_what_works_is_called_once() -> None:
    function, calls = failing()
    assert PATIENT.call(function) == "result"
    assert len(calls) == 1


def test_what_fails_for_a_while_is_tried_again() -> None:
    function, calls = failing(*[TemporaryError("away")] * 3)
    assert PATIENT.call(function) == "result"
    assert len(calls) == 4


def test_after_all_tries_the_last_error_is_raised() -> None:
    errors = [TemporaryError(f"away {number}") for number in range(5)]
    function, calls = failing(*errors)
    with pytest.raises(TemporaryError) as caught:
        PATIENT.call(function)
    assert caught.value is errors[3]
    assert len(calls) == 4


@pytest.mark.parametrize(
    "error", [PermanentError("no"), CoinPipelinesError("unclear"), UnknownCoinError("x"), ValueError("bug")]
)
def test_what_another_try_cant_help_is_raised_at_once(error: Exception) -> None:
    function, calls = failing(error)
    with pytest.raises(type(error)) as caught:
        PATIENT.call(function)
    assert caught.value is error
    assert len(calls) == 1


def test_the_wait_that_is_asked_for_is_kept() -> None:
    function, calls = failing(TemporaryError("busy", retry_after=0.2))
    assert RetryPolicy(first_wait=30.0).call(function) == "result"
    assert 0.2 <= calls[1] - calls[0] < 5


def test_the_longest_wait_is_still_kept_and_a_longer_one_ends_the_tries() -> None:
    policy = RetryPolicy(longest_wait=0.1)
    function, calls = failing(TemporaryError("busy", retry_after=0.1))
    assert policy.call(function) == "result"
    assert calls[1] - calls[0] >= 0.1
    function, calls = failing(TemporaryError("busy", retry_after=0.11))
    with pytest.raises(TemporaryError, match="busy"):
        policy.call(function)
    assert len(calls) == 1


def test_waits_grow_up_to_the_longest() -> None:
    function, calls = failing(*[TemporaryError("away")] * 4)
    assert RetryPolicy(attempts=5, first_wait=0.02, longest_wait=0.1).call(function) == "result"
    waits = [after - before for before, after in itertools.pairwise(calls)]
    for wait, shortest in zip(waits, (0.02, 0.04, 0.08, 0.1), strict=True):
        assert shortest <= wait < 1
    assert waits[3] < 0.16


@given(st.integers(0, 10**400))
@settings(deadline=None)
def test_seconds_read_back(seconds: int) -> None:
    assert parse_retry_after(f" {seconds} ", NOW) == float(str(seconds))


@given(st.integers(-(10**6), 10**6))
@settings(deadline=None)
def test_a_date_is_the_seconds_until_then_and_never_negative(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(date, NOW) == max(0, seconds)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "²",
        "٣",
        "2024-05-01T12:00:00Z",
        "Wed, 01 May 2024 12:00:30",
        "Wed, 01 May 2024 12:00:30 -0000",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    ],
)
def test_an_absent_or_unreadable_header_asks_for_nothing(header: str | None) -> None:
    assert parse_retry_after(header, NOW) is None


@given(st.one_of(st.text(max_size=40), st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [-+]?\w+")))
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@settings(deadline=None)
def test_any_header_is_a_wait_of_no_less_than_nothing_or_none(header: str) -> None:
    seconds = parse_retry_after(header, NOW)
    assert seconds is None or seconds >= 0

from datetime import UTC, datetime, timedelta

import pytest

from pipeline_lib.common.waiting import LONGEST_WAIT, Rescheduling
from pipeline_lib.errors import PermanentError, WaitedTooLongError, WaitNeededError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr("pipeline_lib.common.waiting.time.sleep", seconds.append)
    return seconds


def absence(wait: Rescheduling, seconds: float) -> float:
    with pytest.raises(WaitNeededError) as caught:
        wait(seconds, "its turn")
    assert str(caught.value) == f"waits until {caught.value.until:%Y-%m-%dT%H:%M:%SZ}: its turn"
    return (caught.value.until - NOW).total_seconds()


def test_a_task_sleeps_for_five_seconds_altogether(slept: list[float]) -> None:
    wait = Rescheduling(lambda: NOW)
    for _ in range(10):
        wait(0.5, "another process")
    with pytest.raises(WaitNeededError):
        wait(0.5, "another process")
    assert slept == [0.5] * 10


def test_what_takes_longer_is_not_slept_for(slept: list[float]) -> None:
    assert 62 <= absence(Rescheduling(lambda: NOW), 60) <= 65
    assert slept == []


def test_nobody_comes_back_before_the_scheduler_knows_that_he_left() -> None:
    assert 17 <= absence(Rescheduling(lambda: NOW), 5.1) <= 20


@pytest.mark.parametrize(
    ("count", "shortest", "longest"), [(1, 5, 10), (2, 10, 20), (6, 160, 320), (9, 160, 320)]
)
def test_who_was_rescheduled_often_comes_back_later(count: int, shortest: int, longest: int) -> None:
    assert 60 + shortest - 1 <= absence(Rescheduling(lambda: NOW, count, NOW), 60) <= 60 + longest


def test_after_an_hour_altogether_the_wait_is_an_error() -> None:
    long_ago = NOW - LONGEST_WAIT + timedelta(seconds=66)
    assert absence(Rescheduling(lambda: NOW, 0, long_ago), 60) <= 66
    with pytest.raises(WaitedTooLongError) as caught:
        Rescheduling(lambda: NOW, 0, long_ago - timedelta(seconds=5))(60, "its turn")
    assert isinstance(caught.value, PermanentError)
    assert str(caught.value) == (
        "waits since 2026-01-02T02:05:06Z, and would for more than 1:00:00 altogether: its turn"
        " (see what holds it up; the next run doesn't wait for this one, and a backfill fills the gap)"
    )


def test_a_wait_of_more_than_an_hour_is_an_error_at_once() -> None:
    with pytest.raises(WaitedTooLongError):
        Rescheduling(lambda: NOW)(3600, "its turn")

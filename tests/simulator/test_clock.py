from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline_lib.simulator.clock import SimulatedClock

REAL = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_new_clock_follows_the_real_one() -> None:
    times = iter([REAL, REAL + timedelta(hours=1)])
    clock = SimulatedClock(lambda: next(times))
    assert [clock.now(), clock.now()] == [REAL, REAL + timedelta(hours=1)]
    assert clock.follows


def test_a_clock_that_was_set_stands_in_utc_until_it_follows_again() -> None:
    clock = SimulatedClock(lambda: REAL)
    clock.set(datetime(2018, 2, 5, 15, tzinfo=timezone(timedelta(hours=1))))
    assert (clock.now().isoformat(), clock.follows) == ("2018-02-05T14:00:00+00:00", False)
    clock.follow()
    assert (clock.now(), clock.follows) == (REAL, True)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        SimulatedClock(lambda: REAL).set(datetime(2018, 2, 5))  # noqa: DTZ001 - what is to be refused

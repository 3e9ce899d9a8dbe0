from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.specs import PipelineSpec, Schedule, Thresholds
from pipeline_lib.steps.overview.moments import DueMoments
from tests.system.replays import spec_of

NOW = datetime(2018, 2, 5, 14, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = spec_of(Thresholds(Decimal(3), Decimal(8)))


def _spec(schedule: str = "@hourly") -> PipelineSpec:
    return replace(SPEC, schedule=Schedule(schedule))


def _hours(*hours: float) -> str:
    """Moments of hours before 14:00."""
    return " ".join(format_moment(NOW.replace(minute=0) - hour * HOUR) for hour in hours)


def _gaps(observed: str, schedule: str = "@hourly", first: float = 1000) -> list[float]:
    """The hours before 14:00 that are gaps."""
    top = NOW.replace(minute=0)
    found = DueMoments(NOW, HOUR).find_gaps(_spec(schedule), top - first * HOUR, observed)
    return [(top - moment) / HOUR for moment in found]


def test_gaps_are_moments_of_the_schedule_between_observations() -> None:
    assert _gaps(_hours(0, 1, 3, 6), first=6) == [5, 4, 2]
    assert _gaps(_hours(0, 2), schedule="0 */2 * * *", first=2) == []


def test_what_is_older_than_a_week_or_newer_than_the_newest_is_no_gap() -> None:
    everything = range(168)
    assert _gaps(_hours(*everything)) == []
    assert _gaps(_hours(*everything[5:])) == []
    assert _gaps(_hours(*everything[:-2])) == [167, 166]
    assert _gaps("") == []


def test_an_observation_off_the_schedule_fills_no_moment() -> None:
    assert _gaps(_hours(0, 1, 1.5, 3), first=3) == [2]
    assert _gaps(_hours(0, 1, 2), schedule="30 * * * *", first=2) == [1.5, 0.5]


def test_pipelines_that_share_moments_may_have_begun_at_different_times() -> None:
    due, observed = DueMoments(NOW, HOUR), _hours(0, 3)
    top = NOW.replace(minute=0)
    assert due.find_gaps(_spec(), top - 3 * HOUR, observed) == [top - 2 * HOUR, top - HOUR]
    assert len(due.find_gaps(_spec(), top - 5 * HOUR, observed)) == 3
    assert due.find_gaps(_spec("@daily"), top - 5 * HOUR, observed) == []


@pytest.mark.parametrize(
    ("schedule", "longest_run", "awaited"),
    [
        ("@hourly", HOUR, "2018-02-05T13:00:00Z"),
        ("@hourly", 20 * timedelta(minutes=1), "2018-02-05T14:00:00Z"),
        ("@hourly", 21 * timedelta(minutes=1), "2018-02-05T13:00:00Z"),
        ("@daily", HOUR, "2018-02-05T00:00:00Z"),
        ("@daily", 15 * HOUR, "2018-02-04T00:00:00Z"),
        ("@yearly", HOUR, "2018-01-01T00:00:00Z"),
    ],
)
def test_the_run_that_should_have_ended_is_awaited(
    schedule: str, longest_run: timedelta, awaited: str
) -> None:
    found = DueMoments(NOW, longest_run).awaited(_spec(schedule))
    assert found is not None
    assert format_moment(found) == awaited


def test_nothing_is_awaited_before_the_start() -> None:
    due = DueMoments(NOW, HOUR)
    assert due.awaited(replace(SPEC, start_date=NOW)) is None
    assert due.awaited(replace(SPEC, start_date=NOW - 2 * HOUR)) == NOW.replace(hour=13, minute=0)

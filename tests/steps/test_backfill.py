"""Backfill as a function: what becomes of each moment, in order."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.observations import read_order
from pipeline_lib.errors import MarketUnavailableError, RequestRefusedError
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps.backfill import BackfillSummary, FilledMoment, FillStatus, fill_in
from pipeline_lib.steps.backfilling.plan import plan_backfills
from pipeline_lib.steps.replay import adopt_archive
from tests.steps.past_world import CHART, LATE, paths
from tests.steps.world import CRASH, World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOURS = [CRASH + number * HOUR for number in range(4)]


def backfill(
    world: World, moments: list[datetime], waits: list[float] | None = None
) -> Iterator[FilledMoment]:
    """The moments as they are filled in; waits are noted, and pass at once."""
    (plan,) = plan_backfills([(world.spec, moments)], world.services)

    def wait(seconds: float, _reason: str) -> None:
        assert waits is not None
        waits.append(seconds)

    return fill_in(plan, world.services, wait)


def test_each_moment_is_observed_or_was_archived_already(past: World) -> None:
    assert [each.status for each in backfill(past, HOURS[1:3])] == [FillStatus.OBSERVED] * 2
    filled = list(backfill(past, HOURS))
    assert [each.moment for each in filled] == HOURS
    assert [each.status for each in filled] == [
        FillStatus.OBSERVED,
        FillStatus.ARCHIVED,
        FillStatus.ARCHIVED,
        FillStatus.OBSERVED,
    ]
    assert paths(past) == [CHART]


def test_a_moment_is_fetched_when_it_is_asked_for_and_not_before(past: World) -> None:
    filled = backfill(past, HOURS)
    assert next(filled) == FilledMoment(HOURS[0], FillStatus.OBSERVED)
    archive = Path(past.data / "archive" / "btc")
    assert [path.name for path in archive.glob("*.json")] == ["20180205T140000Z.json"]


def test_a_moment_without_a_price_is_a_gap(past: World) -> None:
    past.simulator.faults.add(Fault(kind="malformed", body='{"prices":[]}'))
    assert list(backfill(past, HOURS[:2])) == [
        FilledMoment(HOURS[0], FillStatus.GAP),
        FilledMoment(HOURS[1], FillStatus.GAP),
    ]


def test_a_failure_of_one_moment_has_its_reason_and_others_go_on(past: World) -> None:
    points = ",".join(
        f"[{int(hour.timestamp())}000,{'0' if hour == HOURS[1] else '7'}]"
        for hour in (CRASH - 25 * HOUR, CRASH - 24 * HOUR, CRASH - HOUR, *HOURS)
    )
    past.simulator.faults.add(Fault(kind="malformed", body=f'{{"prices":[{points}]}}'))
    first, second = list(backfill(past, HOURS[:2]))
    assert first.status is FillStatus.OBSERVED
    assert second.status is FillStatus.FAILED
    assert second.reason.startswith("quote of 'bitcoin' refused: prices is 0")


def test_a_failure_of_everything_is_raised(past: World) -> None:
    past.simulator.faults.add(Fault(kind="status", status=401))
    with pytest.raises(RequestRefusedError, match="answered 401"):
        next(backfill(past, HOURS))


def test_what_coingecko_asks_to_wait_is_waited(past: World) -> None:
    past.simulator.faults.add(Fault(kind="status", status=429, retry_after=119, times=3))
    waits: list[float] = []
    assert {each.status for each in backfill(past, HOURS, waits)} == {FillStatus.OBSERVED}
    assert (waits, paths(past)) == ([119.0] * 3, [CHART] * 4)


def test_no_moment_is_waited_for_longer_than_an_hour(past: World) -> None:
    past.simulator.faults.add(Fault(kind="status", status=429, retry_after=1500, times=None))
    waits: list[float] = []
    with pytest.raises(MarketUnavailableError):
        next(backfill(past, HOURS, waits))
    assert (waits, len(paths(past))) == ([1500.0] * 2, 3)


def test_an_answer_of_the_backfill_serves_all_of_it_however_long_it_takes(past: World) -> None:
    # A point of the last hour may still change, so other runs ask again after a minute.
    moments = [LATE - 90 * MINUTE, LATE - 30 * MINUTE, LATE]
    (plan,) = plan_backfills([(past.spec, moments)], past.services)
    filled = fill_in(plan, past.services, wait=lambda *_: None)
    for _ in moments:
        assert next(filled).status is FillStatus.OBSERVED
        past.simulator.clock.set(past.simulator.clock.now() + 20 * MINUTE)
    assert (plan.calls, paths(past)) == (1, [CHART])


def test_a_backfill_makes_more_calls_than_a_run_may(past: World) -> None:
    settings = replace(past.services.settings, history_calls_per_run=0)
    free = replace(past, services=replace(past.services, settings=settings))
    assert {each.status for each in backfill(free, HOURS)} == {FillStatus.OBSERVED}


def test_what_a_killed_process_left_undone_is_done(past: World) -> None:
    list(backfill(past, HOURS))
    log = past.data / "btc_raw.csv"
    complete = log.read_bytes()
    log.unlink()
    assert [each.status for each in backfill(past, HOURS)] == [FillStatus.ARCHIVED] * 4
    assert log.read_bytes() == complete


def test_a_price_that_only_the_archive_has_is_recorded(past: World, sqlite_address: Secret) -> None:
    list(backfill(past, HOURS))
    with closing(PreparedDatabase(sqlite_address)) as other:
        lost = replace(past, services=replace(past.services, database=other))
        adopt_archive(lost.spec, lost.services)
        assert [each.status for each in backfill(lost, HOURS)] == [FillStatus.ARCHIVED] * 4
        with other.reading() as connection:
            assert len(read_order(connection, 1, HOURS[0])) == 4
    assert paths(past) == [CHART]


def test_the_summary_counts_moments_and_keeps_each_warning_once() -> None:
    summary = BackfillSummary()
    assert summary.last_with_price is None
    summary.add(FilledMoment(HOURS[2], FillStatus.ARCHIVED, warnings=("a",)))
    summary.add(FilledMoment(HOURS[0], FillStatus.OBSERVED, warnings=("a", "b")))
    summary.add(FilledMoment(HOURS[3], FillStatus.FAILED, "why"))
    assert summary.last_with_price == HOURS[2]
    assert summary.count == 3
    assert list(summary.warnings) == ["a", "b"]
    assert summary.failures == {HOURS[3]: "why"}
    assert {status.value: len(moments) for status, moments in summary.moments.items()} == {
        "observed": 1,
        "archived": 1,
        "gap": 0,
        "failed": 1,
    }

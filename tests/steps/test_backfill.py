"""Backfill as a function: what becomes of each moment, in order."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import HistoryReachError, RequestRefusedError
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps.backfill import BackfillSummary, FilledMoment, FillStatus, fill_in, require_history
from tests.steps.past_world import CHART, paths
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)
HOURS = [CRASH + number * HOUR for number in range(4)]


def test_each_moment_is_observed_or_was_archived_already(past: World) -> None:
    assert [each.status for each in fill_in(past.spec, HOURS[1:3], past.services)] == [
        FillStatus.OBSERVED
    ] * 2
    filled = list(fill_in(past.spec, HOURS, past.services))
    assert [each.moment for each in filled] == HOURS
    assert [each.status for each in filled] == [
        FillStatus.OBSERVED,
        FillStatus.ARCHIVED,
        FillStatus.ARCHIVED,
        FillStatus.OBSERVED,
    ]
    assert paths(past) == [CHART]


def test_a_moment_is_fetched_when_it_is_asked_for_and_not_before(past: World) -> None:
    filled = fill_in(past.spec, HOURS, past.services)
    assert next(filled) == FilledMoment(HOURS[0], FillStatus.OBSERVED)
    archive = Path(past.data / "archive" / "btc")
    assert [path.name for path in archive.glob("*.json")] == ["20180205T140000Z.json"]


def test_a_moment_without_a_price_is_a_gap(past: World) -> None:
    past.simulator.faults.add(Fault(kind="malformed", body='{"prices":[]}'))
    assert list(fill_in(past.spec, HOURS[:2], past.services)) == [
        FilledMoment(HOURS[0], FillStatus.GAP),
        FilledMoment(HOURS[1], FillStatus.GAP),
    ]


def test_a_failure_of_one_moment_has_its_reason_and_others_go_on(past: World) -> None:
    points = ",".join(
        f"[{int(hour.timestamp())}000,{'0' if hour == HOURS[1] else '7'}]"
        for hour in (CRASH - 25 * HOUR, CRASH - 24 * HOUR, CRASH - HOUR, *HOURS)
    )
    past.simulator.faults.add(Fault(kind="malformed", body=f'{{"prices":[{points}]}}'))
    first, second = list(fill_in(past.spec, HOURS[:2], past.services))
    assert first.status is FillStatus.OBSERVED
    assert second.status is FillStatus.FAILED
    assert second.reason.startswith("quote of 'bitcoin' refused: prices is 0")


def test_a_failure_of_everything_is_raised(past: World) -> None:
    past.simulator.faults.add(Fault(kind="status", status=401))
    with pytest.raises(RequestRefusedError, match="answered 401"):
        next(fill_in(past.spec, HOURS, past.services))


def test_the_plan_must_reach_to_the_first_moment_without_a_snapshot(past: World) -> None:
    long_ago = CRASH - timedelta(days=400)
    require_history(past.spec, HOURS, past.services)
    with pytest.raises(HistoryReachError):
        require_history(past.spec, [long_ago, *HOURS], past.services)
    assert paths(past) == []
    (past.data / "archive" / "btc").mkdir(parents=True)
    (past.data / "archive" / "btc" / f"{long_ago:%Y%m%dT%H%M%SZ}.json").touch()
    require_history(past.spec, [long_ago, *HOURS], past.services)


def test_the_summary_counts_moments_and_keeps_each_warning_once() -> None:
    summary = BackfillSummary()
    assert summary.last_with_price is None
    summary.add(FilledMoment(HOURS[2], FillStatus.ARCHIVED, warnings=("a",)))
    summary.add(FilledMoment(HOURS[0], FillStatus.OBSERVED, warnings=("a", "b")))
    summary.add(FilledMoment(HOURS[3], FillStatus.FAILED, "why"))
    assert summary.last_with_price == HOURS[2]
    assert list(summary.warnings) == ["a", "b"]
    assert summary.failures == {HOURS[3]: "why"}
    assert {status.value: len(moments) for status, moments in summary.moments.items()} == {
        "observed": 1,
        "archived": 1,
        "gap": 0,
        "failed": 1,
    }

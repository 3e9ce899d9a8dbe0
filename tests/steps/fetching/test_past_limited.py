"""How many calls for the past one run makes, and what becomes of it beyond them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.market.history_answers import CoinHistory
from pipeline_lib.errors import CallQuotaError, HistoryCallsError, MarketUnavailableError
from pipeline_lib.model.answers import HistoryAnswer
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps import Run
from pipeline_lib.steps.fetching.history_calls import open_market
from tests.steps.past_world import CHART, LATE, MARKETS, fetch, paths
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)


@pytest.fixture
def limited(past: World, database_address: Secret, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Runs of the past that may make two calls each, and make the next one at once."""
    monkeypatch.setattr("pipeline_lib.common.retries.time.sleep", lambda _seconds: None)
    with closing(PreparedDatabase(database_address)) as database:
        settings = replace(past.services.settings, database_url=database_address, history_calls_per_run=2)
        yield replace(past, services=replace(past.services, settings=settings, database=database))


def allowing(calls: int | None, world: World) -> World:
    settings = replace(world.services.settings, history_calls_per_run=calls)
    return replace(world, services=replace(world.services, settings=settings))


def gap(moment: str, calls: str) -> Skipped:
    reason = (
        f"btc has no price of {moment}: COINGECKO_HISTORY_CALLS_PER_RUN allows a run {calls} for the past"
        f" (to fill the gap: coin-pipelines backfill btc --from {moment} --to {moment})"
    )
    return Skipped(reason, warnings=(reason,))


def test_the_tries_of_a_run_share_its_calls_and_then_it_is_a_gap_with_the_command(limited: World) -> None:
    # So long a wait ends a try after one call.
    limited.simulator.faults.add(Fault(kind="status", status=429, retry_after=7200, times=2))
    for _ in range(2):
        with pytest.raises(MarketUnavailableError):
            fetch(limited.in_another_process(), CRASH, is_backfill=True)
    for _ in range(2):
        assert fetch(limited, CRASH, is_backfill=True) == gap("2018-02-05T14:00:00Z", "2 calls")
    assert paths(limited) == [CHART, CHART]
    assert (limited.files(), limited.quarantined()) == ({}, [])


def test_retries_within_a_try_are_calls_too(limited: World) -> None:
    limited.simulator.faults.add(Fault(kind="status", status=503, times=None))
    assert fetch(limited, CRASH, is_backfill=True) == gap("2018-02-05T14:00:00Z", "2 calls")
    assert paths(limited) == [CHART, CHART]


def test_every_run_and_every_pipeline_has_calls_of_its_own(limited: World) -> None:
    limited.simulator.faults.add(Fault(kind="status", status=503, times=4))
    assert isinstance(fetch(limited, CRASH, is_backfill=True), Skipped)
    other = limited.with_spec(lambda spec: replace(spec, name="btc-2"))
    assert isinstance(fetch(other, CRASH, is_backfill=True), Skipped)
    assert isinstance(fetch(limited, CRASH + HOUR, is_backfill=True), Done)
    assert len(paths(limited)) == 5


def test_an_answer_that_is_there_costs_no_call(limited: World) -> None:
    fetch(limited, CRASH, is_backfill=True)
    other = allowing(0, limited.with_spec(lambda spec: replace(spec, name="btc-2")))
    assert isinstance(fetch(other, CRASH + HOUR, is_backfill=True), Done)
    assert paths(limited) == [CHART]


def test_with_no_calls_a_late_run_is_a_gap_at_once(limited: World) -> None:
    assert fetch(allowing(0, limited), CRASH) == gap("2018-02-05T14:00:00Z", "0 calls")
    assert paths(limited) == [MARKETS]


def test_without_a_limit_nothing_is_counted(limited: World) -> None:
    limited.simulator.faults.add(Fault(kind="status", status=503, times=3))
    assert isinstance(fetch(allowing(None, limited), CRASH, is_backfill=True), Done)
    assert len(paths(limited)) == 4


@pytest.fixture
def jumping(limited: World) -> World:
    """A large move in the last hour of the range that a run asks for: its confirmation lies in the next."""
    careful = limited.with_spec(
        lambda spec: replace(spec, quality=replace(spec.quality, max_jump_percent=Decimal(5)))
    )
    fetch(careful, CRASH - HOUR, is_backfill=True)
    with careful.services.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM history_answers")
        nothing = HistoryAnswer(CRASH - HOUR, CRASH - HOUR, LATE, "https://example.invalid", b"{}")
        CoinHistory("bitcoin", "usd", LATE).keep(connection, nothing)
    return careful


def confirm(world: World, calls: int) -> tuple[Outcome, list[datetime]]:
    before = len(paths(world))
    outcome = fetch(allowing(calls, world), CRASH, is_backfill=True)
    asked = world.simulator.requests[before:]
    return outcome, [datetime.fromtimestamp(int(each.query["to"]), tz=CRASH.tzinfo) for each in asked]


def test_the_confirmation_of_a_jump_is_a_call_of_the_same_run(jumping: World) -> None:
    outcome, asked = confirm(jumping, 2)
    assert isinstance(outcome, Done)
    assert "confirmed by 7200.50 USD of 2018-02-05T15:00:00Z" in outcome.warnings[0]
    assert (asked[0], len(asked)) == (CRASH, 2)


def test_a_jump_that_may_not_be_confirmed_is_a_gap_of_its_own_moment(jumping: World) -> None:
    assert confirm(jumping, 1) == (gap("2018-02-05T14:00:00Z", "1 call"), [CRASH])
    assert jumping.quarantined() == []


class _UsedUp:
    def take_call(self) -> None:
        raise CallQuotaError("used up")


def test_a_call_that_must_wait_for_its_turn_is_not_counted(limited: World) -> None:
    transport = open_market(limited.spec.name, Run(CRASH), limited.services).transport
    waiting = replace(transport.quota, others=_UsedUp())  # type: ignore[type-var] # a dataclass
    for _ in range(3):
        with pytest.raises(CallQuotaError):
            waiting.take_call()  # type: ignore[union-attr]
    assert transport.quota is not None
    for _ in range(2):
        transport.quota.take_call()
    with pytest.raises(HistoryCallsError) as caught:
        transport.quota.take_call()
    assert (caught.value.moment, caught.value.calls) == ("2018-02-05T14:00:00Z", 2)

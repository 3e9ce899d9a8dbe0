"""``fetch_and_save_price`` for moments that have passed: history, its gaps and its reach."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.archive.parts import find_snapshot, read_parts
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.errors import (
    HistoryNotReadyError,
    HistoryReachError,
    InvalidQuoteError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.market import find_past_observation
from pipeline_lib.model.answers import HistoryAnswer
from pipeline_lib.model.observation import Provenance, Snapshot
from pipeline_lib.model.outcome import Done, Skipped
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import OneCoin, Schedule
from pipeline_lib.specs.layout import Layout
from tests.steps.past_world import CHART, LATE, MARKETS, fetch, paths
from tests.steps.world import CRASH, START, World

HOUR = timedelta(hours=1)
LOG = "btc_raw.csv"


def _archived(world: World, moment: datetime) -> Snapshot:
    archive = FolderArchive(Layout.of("btc", world.services.settings).archive)
    found = find_snapshot(read_parts(archive, moment), "bitcoin", "usd")
    assert isinstance(found, Snapshot)
    return found


def test_a_late_run_takes_the_price_of_its_own_moment(past: World) -> None:
    assert fetch(past, CRASH) == Done(
        "bitcoin 7202.50 USD (1h -9.99 %, 24h -10.00 %) at 2018-02-05T14:00:00Z,"
        " from history: the price of 2018-02-05T14:00:00Z; btc_raw.csv: 215 B"
    )
    assert paths(past) == [MARKETS, CHART]
    row = past.files()[LOG].splitlines()[1]
    assert row == (
        b"2018-02-05T14:00:00Z,bitcoin,usd,7202.50,-9.9856276948,-9.9968759763,"
        b"141169000000,1062,2018-02-05T14:00:00Z"
    )


def test_a_backfilled_run_asks_history_alone(past: World) -> None:
    fetch(past, LATE, is_backfill=True)
    assert paths(past) == [CHART]


def test_the_snapshot_alone_proves_the_observation(past: World) -> None:
    fetch(past, CRASH, is_backfill=True)
    snapshot = _archived(past, CRASH)
    assert snapshot.provenance.is_historic
    assert snapshot.provenance.requested_at == LATE
    at = int(CRASH.timestamp()) * 1000
    assert snapshot.provenance.answer == (
        f'{{"prices":[[{at - 86_400_000},8002.50],[{at - 3_600_000},8001.50],[{at},7202.50]],'
        f'"market_caps":[[{at},141169000000]],"total_volumes":[[{at},1062]]}}'
    )
    source = snapshot.provenance
    assert isinstance(source, Provenance)
    answer = HistoryAnswer(CRASH, CRASH, source.requested_at, source.url, source.answer.encode())
    tolerance = past.services.settings.history_tolerance
    assert find_past_observation(answer, "bitcoin", "usd", CRASH, tolerance) == snapshot


def test_a_live_snapshot_is_told_from_a_historic_one(past: World) -> None:
    assert str(fetch(past, LATE)).count("from history") == 0
    assert not _archived(past, LATE).provenance.is_historic


def test_an_answer_that_cannot_be_read_is_not_kept(past: World) -> None:
    past.simulator.faults.add(Fault(kind="malformed", body='{"prices": [[1,'))
    with pytest.raises(UnexpectedAnswerError):
        fetch(past, CRASH, is_backfill=True)
    (each,) = past.quarantined()
    assert (each.refused.moment, each.refused.kind) == (CRASH, "unexpected-answer")
    assert past.files() == {}
    fetch(past, CRASH, is_backfill=True)
    assert paths(past) == [CHART, CHART]


def test_an_unknown_coin_stores_nothing(past: World) -> None:
    other = past.with_spec(lambda spec: replace(spec, coins=OneCoin("bitcoin-2")))
    with pytest.raises(UnknownCoinError, match="no coin with the id 'bitcoin-2'"):
        fetch(other, CRASH, is_backfill=True)
    (each,) = past.quarantined()
    assert (each.refused.coin, each.refused.kind) == ("bitcoin-2", "unknown-coin")
    assert past.files() == {}


@pytest.fixture
def holed(past: World, tmp_path: Path) -> World:
    """The past of a market without prices from 2018-02-05T10:00 to 13:00."""
    rows = [f"{START + hour * HOUR:%Y-%m-%dT%H:%M:%SZ},{8000 + hour}" for hour in range(93)]
    text = "\n".join(["timestamp,close_usd", *rows[:58], *rows[62:], ""])
    (tmp_path / "holed.csv").write_text(text)
    return replace(
        past, simulator=Simulator({"bitcoin": CsvSeries(tmp_path / "holed.csv")}, past.simulator.clock)
    )


def test_a_gap_of_the_source_skips_the_run_with_the_reason(holed: World) -> None:
    settings = replace(holed.services.settings, coingecko_base_url=holed.simulator.base_url)
    world = replace(holed, services=replace(holed.services, settings=settings))
    with world.simulator:
        outcomes = [fetch(world, CRASH + hours * HOUR, is_backfill=True) for hours in range(-5, 1)]
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Skipped, Skipped, Skipped, Done]
    assert outcomes[2] == Skipped(
        "CoinGecko's history of 'bitcoin' has no price of 2018-02-05T11:00:00Z:"
        " the last price before it is of 2018-02-05T09:00:00Z"
    )
    # At 10:00 the price is still that of 9:00, at 14:00 nobody knows that of 13:00: both moves stay empty.
    rows = [line.split(b",")[:6] for line in world.files()[LOG].splitlines()[1:]]
    assert [(row[3], row[4] == b"") for row in rows] == [
        (b"8057", False), (b"8057", True), (b"8062", True)
    ]  # fmt: skip


def test_what_is_no_gap_yet_is_tried_again(past: World) -> None:
    past.simulator.clock.set(START + 102 * HOUR)
    moment = START + timedelta(hours=101, minutes=30)
    lost = [Fault(kind="malformed", body='{"prices":[]}', times=2)]
    past.simulator.faults.add(*lost)
    with pytest.raises(HistoryNotReadyError, match="has no price of 2018-02-07T05:30:00Z yet"):
        fetch(past, moment, is_backfill=True)
    past.simulator.clock.set(moment + HOUR)
    assert isinstance(fetch(past, moment, is_backfill=True), Skipped)


def test_a_moment_to_come_has_no_history(past: World) -> None:
    with pytest.raises(HistoryNotReadyError):
        fetch(past, LATE + timedelta(seconds=1), is_backfill=True)
    assert paths(past) == []


def test_a_price_that_cannot_be_one_stores_nothing(past: World) -> None:
    at = int(CRASH.timestamp()) * 1000
    past.simulator.faults.add(Fault(kind="malformed", body=f'{{"prices":[[{at},0]]}}'))
    with pytest.raises(InvalidQuoteError, match="prices is 0, and a price is greater than zero"):
        fetch(past, CRASH, is_backfill=True)
    (each,) = past.quarantined()
    assert (each.refused.moment, each.refused.kind) == (CRASH, "invalid-quote")
    assert past.files() == {}


def test_beyond_the_reach_nothing_is_asked(past: World) -> None:
    moment = LATE - timedelta(days=365) + timedelta(minutes=10)
    with pytest.raises(HistoryReachError) as caught:
        fetch(past, moment - timedelta(seconds=1), is_backfill=True)
    assert (caught.value.moment, caught.value.earliest) == ("2017-02-06T20:09:59Z", "2017-02-06T20:10:00Z")
    assert paths(past) == []
    assert isinstance(fetch(past, moment, is_backfill=True), Skipped)
    assert paths(past) == [CHART]


@pytest.mark.parametrize(("minutes", "quoted"), [(9.5, 10.1), (10.1, 10.1), (30, 30), (59.9, 59)])
def test_a_run_that_is_due_and_takes_history_says_so(past: World, minutes: float, quoted: float) -> None:
    moment = START + HOUR * 50
    past.simulator.clock.set(moment + timedelta(minutes=minutes))
    quoted_at = f"{moment + timedelta(minutes=quoted):%FT%TZ}"
    past.simulator.faults.add(Fault(kind="replace_field", field="last_updated", value=quoted_at))
    outcome = fetch(past, moment)
    assert isinstance(outcome, Done)
    assert "from history" in outcome.summary
    assert outcome.warnings == (
        (
            "btc: the price of the newest moment comes from history: CoinGecko's quote is later than"
            " quality.max_age allows (do runs start late, or is this machine's clock wrong?)"
        ),
    )
    late = fetch(past, moment - HOUR)
    assert isinstance(late, Done)
    assert late.warnings == ()


@pytest.mark.parametrize("schedule", ["@hourly", "30 5 * * *"])
def test_a_run_that_others_have_followed_or_that_no_schedule_names_takes_history_quietly(
    past: World, schedule: str
) -> None:
    other = past.with_spec(lambda spec: replace(spec, schedule=Schedule(schedule)))
    moment = START + HOUR * 50
    past.simulator.clock.set(moment + HOUR)
    outcome = fetch(other, moment)
    assert isinstance(outcome, Done)
    assert "from history" in outcome.summary
    assert outcome.warnings == ()

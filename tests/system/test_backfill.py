"""Runs of the past through Airflow's own runner: backfilled ones, late ones, gaps."""

import functools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.market.generator import GeneratedSeries
from tests.system.world import World, run_pipeline

pytestmark = pytest.mark.usefixtures("airflow_database")

DAG_ID = "bitcoin_data_pipeline"
FETCH = "fetch_and_save_bitcoin_price"
CHART = "/coins/bitcoin/market_chart/range"
MARKETS = "/coins/markets"
HOUR = timedelta(hours=1)


@pytest.fixture
def moment() -> datetime:
    """Three days ago; the simulated market runs with the real clock."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)


@pytest.fixture
def _backfilling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are of the type that ``airflow backfill create`` gives them; the runner makes manual ones."""
    from airflow.serialization.definitions.dag import SerializedDAG  # noqa: PLC0415 (after the settings)
    from airflow.utils.types import DagRunType  # noqa: PLC0415 (as above)

    create = SerializedDAG.create_dagrun

    @functools.wraps(create)
    def create_backfill(dag: SerializedDAG, **arguments: Any) -> Any:  # noqa: ANN401 (Airflow's own)
        arguments["run_id"] = arguments["run_id"].replace("manual__", "backfill__")
        return create(dag, **{**arguments, "run_type": DagRunType.BACKFILL_JOB})

    monkeypatch.setattr(SerializedDAG, "create_dagrun", create_backfill)


def paths(world: World) -> list[str]:
    return [request.path for request in world.simulator.requests]


def assert_observed(world: World, moment: datetime) -> None:
    quote = GeneratedSeries("bitcoin", 0).quote_at(moment)
    assert quote is not None
    row = f"{moment:%Y-%m-%dT%H:%M:%SZ},bitcoin,usd,{quote.price:f},"
    assert f"\n{row}" in world.files()["bitcoin_raw.csv"].decode()
    snapshot = json.loads(world.files()[f"archive/bitcoin/{moment:%Y%m%dT%H%M%SZ}.json"])
    assert snapshot["sources"][0]["kind"] == "coingecko_history"
    assert "/market_chart/range?" in snapshot["sources"][0]["url"]


@pytest.mark.usefixtures("_backfilling")
def test_backfilled_runs_take_history_and_alert_nobody(world: World, moment: datetime) -> None:
    for run in (moment, moment + HOUR):
        states = run_pipeline(DAG_ID, run)
        assert states.pop("send_price_alerts") == "skipped"
        assert set(states.values()) == {"success"}
        assert_observed(world, run)
    assert paths(world) == [CHART]
    assert world.simulator.slack_messages == ()


def test_a_late_run_takes_the_price_of_its_own_moment(world: World, moment: datetime) -> None:
    assert set(run_pipeline(DAG_ID, moment).values()) == {"success"}
    assert_observed(world, moment)
    assert paths(world) == [MARKETS, CHART]


def test_a_gap_skips_the_whole_run_with_the_reason(
    world: World, moment: datetime, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.simulator.faults.add(Fault(kind="malformed", path=CHART, body='{"prices":[]}'))
    assert set(run_pipeline(DAG_ID, moment).values()) == {"skipped"}
    assert (
        "Skipped: CoinGecko's history of 'bitcoin' has no price of "
        in "".join(capfd.readouterr()) + caplog.text
    )
    assert [name for name in world.files() if not name.startswith("history/")] == []
    assert world.objects() == {}


def test_a_run_that_may_not_ask_for_the_past_is_skipped_and_reported_with_the_command(
    world: World, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINGECKO_HISTORY_CALLS_PER_RUN", "0")
    for run in (moment, moment + HOUR):
        assert set(run_pipeline(DAG_ID, run).values()) == {"skipped"}
    assert CHART not in paths(world)
    # The next run of the same day has the same to say, and its own log to say it in.
    (message,) = world.simulator.slack_messages
    body: Any = message.body
    assert body["text"] == f":warning: ops · bitcoin · {FETCH} warns"
    text = body["blocks"][1]["text"]["text"]
    key = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert f"coin-pipelines backfill bitcoin --from {key} --to {key}" in text
    assert f"*Run*: {key}: skipped, its data is missing" in text

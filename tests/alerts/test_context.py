"""What an alert says about the market, from a pipeline's history."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.alerts.context import AlertContext, alert_context, reads_from
from pipeline_lib.analysis.price_moves import PriceMoves
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import observed
from pipeline_lib.specs import PipelineSpec, Thresholds, Window
from tests.alerts.samples import HOUR, MOMENT
from tests.fixtures.recorded import record, series_of
from tests.system.replays import observation, spec_of

# 200, 199 … 101, 100 at MOMENT, and one price after it.
ROWS = [observation(MOMENT - hours * HOUR, Decimal(100 + hours)) for hours in range(100, -2, -1)]


@pytest.fixture
def spec() -> PipelineSpec:
    windows = (Window("24h", 24 * HOUR), Window("2_rows", 2))
    return replace(spec_of(Thresholds(Decimal(3), Decimal(8))), windows=windows)


def _context(database: Database, spec: PipelineSpec) -> AlertContext:
    with database.writing() as connection:
        record(connection, ROWS)
        series = series_of(connection)
        begins = reads_from(spec.windows, MOMENT)
        prices = observed.read_prices(connection, [series.id], begins, MOMENT)[series.id]
    own = spec.of_coin(series.coin)
    return alert_context(own, prices, run_url="https://airflow.example/run", log_url=None)


def test_the_context_is_of_the_runs_moment(database: Database, spec: PipelineSpec) -> None:
    context = _context(database, spec)
    assert (context.pipeline, context.coin, context.vs_currency) == ("btc", "bitcoin", "usd")
    assert (context.moment, context.price) == (MOMENT, Decimal(100))
    assert context.moves == PriceMoves(Decimal("-0.9900990099"), Decimal("-19.3548387097"))
    assert context.last_day == [Decimal(100 + hours) for hours in range(24, -1, -1)]
    assert (context.run_url, context.log_url) == ("https://airflow.example/run", None)


def test_each_window_has_the_statistics_of_the_runs_moment(database: Database, spec: PipelineSpec) -> None:
    windows = _context(database, spec).windows
    assert list(windows) == ["24h", "2_rows"]
    assert (windows["24h"].mean, windows["24h"].count) == (111.5, 24)
    assert (windows["2_rows"].mean, windows["2_rows"].count, windows["2_rows"].z_score) == (100.5, 2, None)


def test_it_looks_no_further_back_than_the_windows(spec: PipelineSpec) -> None:
    assert reads_from(spec.windows[:1], MOMENT) == MOMENT - timedelta(hours=24, minutes=5)
    assert reads_from(spec.windows, MOMENT) == BEGINNING


def test_what_lies_further_back_changes_nothing(database: Database, spec: PipelineSpec) -> None:
    by_time = replace(spec, windows=spec.windows[:1])
    context = _context(database, by_time)
    assert context.windows["24h"].mean == 111.5
    assert context.moves.day_percent == Decimal("-19.3548387097")
    assert context.last_day == [Decimal(100 + hours) for hours in range(24, -1, -1)]

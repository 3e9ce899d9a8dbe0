"""What an alert says about the market, from a pipeline's history."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from pipeline_lib.alerts.context import AlertContext, alert_context
from pipeline_lib.alerts.series import RecordedSeries
from pipeline_lib.analysis.price_moves import PriceMoves
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.observation import Observation
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


class _Series(RecordedSeries):
    reads: ClassVar[list[datetime]] = []

    def observations_since(self, moment: datetime) -> Sequence[Observation]:
        self.reads.append(moment)
        return super().observations_since(moment)


@pytest.fixture
def series(database: Database) -> Iterator[_Series]:
    with database.writing() as connection:
        record(connection, ROWS)
        _Series.reads.clear()
        yield _Series(connection, series_of(connection).id)


def _context(spec: PipelineSpec, series: RecordedSeries) -> AlertContext:
    return alert_context(spec, series, MOMENT, run_url="https://airflow.example/run", log_url=None)


def test_the_context_is_of_the_runs_moment(spec: PipelineSpec, series: _Series) -> None:
    context = _context(spec, series)
    assert (context.pipeline, context.coin, context.vs_currency) == ("btc", "bitcoin", "usd")
    assert (context.moment, context.price) == (MOMENT, Decimal(100))
    assert context.moves == PriceMoves(Decimal("-0.9900990099"), Decimal("-19.3548387097"))
    assert context.last_day == [Decimal(100 + hours) for hours in range(24, -1, -1)]
    assert (context.run_url, context.log_url) == ("https://airflow.example/run", None)


def test_each_window_has_the_statistics_of_the_runs_moment(spec: PipelineSpec, series: _Series) -> None:
    windows = _context(spec, series).windows
    assert list(windows) == ["24h", "2_rows"]
    assert (windows["24h"].mean, windows["24h"].count) == (111.5, 24)
    assert (windows["2_rows"].mean, windows["2_rows"].count, windows["2_rows"].z_score) == (100.5, 2, None)


def test_it_reads_no_further_back_than_the_windows_look(spec: PipelineSpec, series: _Series) -> None:
    _context(replace(spec, windows=spec.windows[:1]), series)
    _context(spec, series)
    assert series.reads == [MOMENT - timedelta(hours=24, minutes=5), BEGINNING]

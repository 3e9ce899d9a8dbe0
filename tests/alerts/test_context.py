"""What an alert says about the market, from a pipeline's history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pipeline_lib.alerts.context import AlertContext, alert_context
from pipeline_lib.analysis.price_moves import PriceMoves
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import PipelineSpec, Thresholds, Window
from tests.alerts.samples import HOUR, MOMENT
from tests.system.replays import observation, spec_of

# 200, 199 … 101, 100 at MOMENT, and one price after it.
ROWS = [observation(MOMENT - hours * HOUR, Decimal(100 + hours)) for hours in range(100, -2, -1)]


@pytest.fixture
def spec() -> PipelineSpec:
    windows = (Window("24h", 24 * HOUR), Window("2_rows", 2))
    return replace(spec_of(Thresholds(Decimal(3), Decimal(8))), windows=windows)


def _context(spec: PipelineSpec, reads: list[datetime] | None = None) -> AlertContext:
    def history(since: datetime) -> Sequence[Observation]:
        if reads is not None:
            reads.append(since)
        return [row for row in ROWS if row.moment >= since]

    return alert_context(spec, history, MOMENT, run_url="https://airflow.example/run", log_url=None)


def test_the_context_is_of_the_runs_moment(spec: PipelineSpec) -> None:
    context = _context(spec)
    assert (context.pipeline, context.coin, context.vs_currency) == ("btc", "bitcoin", "usd")
    assert (context.moment, context.price) == (MOMENT, Decimal(100))
    assert context.moves == PriceMoves(Decimal("-0.9900990099"), Decimal("-19.3548387097"))
    assert context.last_day == [Decimal(100 + hours) for hours in range(24, -1, -1)]
    assert (context.run_url, context.log_url) == ("https://airflow.example/run", None)


def test_each_window_has_the_statistics_of_the_runs_moment(spec: PipelineSpec) -> None:
    windows = _context(spec).windows
    assert list(windows) == ["24h", "2_rows"]
    assert (windows["24h"].mean, windows["24h"].count) == (111.5, 24)
    assert (windows["2_rows"].mean, windows["2_rows"].count, windows["2_rows"].z_score) == (100.5, 2, None)


def test_it_reads_no_further_back_than_the_windows_look(spec: PipelineSpec) -> None:
    reads: list[datetime] = []
    _context(replace(spec, windows=spec.windows[:1]), reads)
    _context(spec, reads)
    assert reads == [MOMENT - timedelta(hours=24, minutes=5), BEGINNING]

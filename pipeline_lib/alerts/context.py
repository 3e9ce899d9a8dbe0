"""What an alert says about the market at its run's moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline_lib.alerts.series import RecordedSeries
from pipeline_lib.analysis.price_moves import PriceMoves, price_moves
from pipeline_lib.analysis.processed import Lookback, price_points
from pipeline_lib.analysis.rolling import PricePoint, WindowStatistics, rolling_statistics
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.specs import PipelineSpec, Window

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AlertContext:
    """The market at a run's moment, and where the run can be looked at.

    Attributes:
        pipeline: Name of the pipeline.
        coin: CoinGecko id.
        vs_currency: The currency of the prices.
        moment: The run's moment (UTC).
        price: At ``moment``.
        moves: Up to ``moment``.
        windows: The statistics of the spec's windows at ``moment``, by label, in the spec's order.
        last_day: The prices of the 24 hours up to ``moment``, oldest first.
        run_url: The run in the Airflow UI, or None outside Airflow.
        log_url: The task's log there, or None.
    """

    pipeline: str
    coin: str
    vs_currency: str
    moment: datetime
    price: Decimal
    moves: PriceMoves
    windows: Mapping[str, WindowStatistics]
    last_day: Sequence[Decimal]
    run_url: str | None
    log_url: str | None


def alert_context(
    spec: PipelineSpec, series: RecordedSeries, moment: datetime, *, run_url: str | None, log_url: str | None
) -> AlertContext:
    """The context of a run, read as far back as the spec's windows look.

    Args:
        spec: The pipeline.
        series: Its series, the run's own observation among them.
        moment: The run's moment (UTC).
        run_url: The run in the Airflow UI, or None outside Airflow.
        log_url: The task's log there, or None.
    """
    rows = [row for row in series.observations_since(_reads_from(spec, moment)) if row.moment <= moment]
    observation = rows[-1]
    points = price_points(rows)
    return AlertContext(
        pipeline=spec.name,
        coin=observation.coin,
        vs_currency=observation.vs_currency,
        moment=moment,
        price=observation.price,
        moves=price_moves(observation, points),
        windows={window.label: _latest_statistics(window, points) for window in spec.windows},
        last_day=[point.price for point in points if point.moment >= moment - _DAY],
        run_url=run_url,
        log_url=log_url,
    )


def _reads_from(spec: PipelineSpec, moment: datetime) -> datetime:
    if any(isinstance(window.span, int) for window in spec.windows):
        return BEGINNING
    return moment - Lookback.of(spec.windows).time


def _latest_statistics(window: Window, points: Sequence[PricePoint]) -> WindowStatistics:
    *_, latest = rolling_statistics(points, window.span)
    return latest

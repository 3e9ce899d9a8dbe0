"""What an alert says about the market at its run's moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline_lib.analysis.price_moves import PriceMoves, moves_within
from pipeline_lib.analysis.processed import Lookback
from pipeline_lib.analysis.rolling import PriceSeries, WindowStatistics
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.model.observation import ObservedPrice
from pipeline_lib.specs import SeriesSpec, Window

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
    spec: SeriesSpec, prices: Sequence[ObservedPrice], *, run_url: str | None, log_url: str | None
) -> AlertContext:
    """The context of a run.

    Args:
        spec: What holds for the coin.
        prices: As far back as ``reads_from`` says, by moment; the last one is the run's own.
        run_url: The run in the Airflow UI, or None outside Airflow.
        log_url: The task's log there, or None.
    """
    own, series = prices[-1], PriceSeries.of(prices)
    place = len(prices) - 1
    return AlertContext(
        pipeline=spec.pipeline,
        coin=spec.coin,
        vs_currency=spec.vs_currency,
        moment=own.moment,
        price=own.price,
        moves=moves_within(own, series.moments, [each.price for each in prices]),
        windows={
            window.label: WindowStatistics(*next(series.statistics(window.span, place)))
            for window in spec.windows
        },
        last_day=[each.price for each in prices if each.moment >= own.moment - _DAY],
        run_url=run_url,
        log_url=log_url,
    )


def reads_from(windows: Sequence[Window], moment: datetime) -> datetime:
    """The first moment (UTC) that the context of a run looks at.

    Args:
        windows: Of the pipeline.
        moment: The run's (UTC).
    """
    if any(isinstance(window.span, int) for window in windows):
        return BEGINNING
    return moment - Lookback.of(windows).time

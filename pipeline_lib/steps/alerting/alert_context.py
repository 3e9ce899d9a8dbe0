"""What a message says of the market at a run's moment."""

from datetime import datetime, timedelta

from pipeline_lib.alerts.messages.composing import AlertContext, MovesText, WindowText
from pipeline_lib.analysis.price_moves import price_moves
from pipeline_lib.analysis.processed import Lookback, price_points
from pipeline_lib.analysis.rolling import PricePoint, rolling_statistics
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.specs import PipelineSpec, Window
from pipeline_lib.steps.alerting.evaluation import History
from pipeline_lib.steps.run import Run

_DAY = timedelta(days=1)


def alert_context(spec: PipelineSpec, run: Run, history: History) -> AlertContext:
    """The market at a run's moment, as far back as the spec's windows look.

    Raises:
        TableDamagedError: The raw log can't be read.
    """
    rows = [row for row in history(_reads_from(spec, run.moment)) if row.moment <= run.moment]
    observation = rows[-1]
    points = price_points(rows)
    moves = price_moves(observation, points)
    return AlertContext(
        pipeline=spec.name,
        coin=spec.coin,
        vs_currency=spec.vs_currency,
        moment=run.moment,
        price=observation.price,
        moves=MovesText(moves.hour_percent, moves.day_percent),
        windows=[_window_text(window, points) for window in spec.windows],
        last_day=[point.price for point in points if point.moment >= run.moment - _DAY],
        run_url=run.url,
        log_url=run.log_url,
    )


def _reads_from(spec: PipelineSpec, moment: datetime) -> datetime:
    if any(isinstance(window.span, int) for window in spec.windows):
        return BEGINNING
    return moment - Lookback.of(spec.windows).time


def _window_text(window: Window, points: list[PricePoint]) -> WindowText:
    *_, last = rolling_statistics(points, window.span)
    return WindowText(window.label, last.mean, last.standard_deviation, last.count, last.z_score)

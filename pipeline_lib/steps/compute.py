"""The step that computes statistics, and makes the processed table of them."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline_lib.alerts.messages.wording import like_price
from pipeline_lib.common.counting import counted
from pipeline_lib.common.spans import Span
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import observations
from pipeline_lib.database.statistics import computed
from pipeline_lib.errors import ObservationMissingError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.exports import export_processed_table, series_of
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.steps.statistics import update_statistics

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SECOND = timedelta(seconds=1)
# In a row of statistics: the price, the first window's mean, and how many values a window has.
_PRICE, _FIRST_MEAN, _VALUES = 1, 5, 4


def compute_moving_average(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Bring moves and rolling statistics up to the observations, and the processed table up to those.

    What an earlier run couldn't add, since its own step failed, is added now.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        ObservationMissingError: None of the run's observations is recorded.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    with services.database.writing() as connection:
        series = series_of(connection, spec)
        keys = [each.id for each in series]
        if not observations.find_observed(connection, keys, run.moment):
            raise ObservationMissingError(spec.name, run.moment)
        updated = update_statistics(connection, keys, spec.windows)
        described = _describe_windows(connection, spec, keys[0], run) if spec.has_one_coin else ""
    exported = export_processed_table(spec, services, series)
    newest = format_moment(updated.last or run.moment)
    state = "" if updated.changed else ", unchanged"
    summary = f"{counted(updated.rows, 'row')} up to {newest}{state}{described}{exported}"
    return Done(summary, exported.warnings)


def _describe_windows(connection: "Connection", spec: PipelineSpec, series_id: int, run: Run) -> str:
    """What each window says at the run's moment, to follow what else the step did."""
    labels = [window.label for window in spec.windows]
    within = Span(run.moment, run.moment + _SECOND)
    (row,) = computed.read_cells(connection, series_id, labels, within)
    price, means = Decimal(str(row[_PRICE])), row[_FIRST_MEAN::_VALUES]
    return "".join(
        f"; {label} mean {like_price(Decimal(str(mean)), price)}"
        for label, mean in zip(labels, means, strict=True)
    )

"""Observations → statistics, in the database."""

from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import METHOD, processed_rows
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database import observations, statistics_rows
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.database.statistics_rows import StatisticsState
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection


def update_statistics(connection: "Connection", spec: PipelineSpec) -> None:
    """Bring the statistics of a pipeline's coin up to its observations.

    Raises:
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    series_id = find_series_id(connection, spec.name, spec.coin, spec.vs_currency)
    if series_id is None:
        return
    labels = [window.label for window in spec.windows]
    newest = max(
        each.arrival
        for each in observations.read_by_arrival(connection, spec.name)
        if each.series_id == series_id
    )
    rows = processed_rows(observations.read_since(connection, series_id, BEGINNING), spec.windows)
    state = StatisticsState(" ".join([f"method={METHOD}", *labels]), newest)
    statistics_rows.rewrite(connection, series_id, labels, rows, state)

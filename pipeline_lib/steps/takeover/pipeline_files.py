"""Everything that the version before kept in files beside the archive, for a database that knows nothing."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.database.statistics.series_prices import SeriesPrices
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.takeover.alert_files import take_over_alerts
from pipeline_lib.steps.takeover.problem_files import take_over_problems
from pipeline_lib.steps.takeover.quarantine_files import take_over_quarantine

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class TakenOverFiles:
    """What was read into the database.

    Attributes:
        deliveries: Delivery records of alerts.
        problems: Open problems.
        refused: Refused answers.
        unknown: Events that have no delivery record, and are never sent.
    """

    deliveries: int = 0
    problems: int = 0
    refused: int = 0
    unknown: int = 0


def take_over_files(
    connection: "Connection", spec: PipelineSpec, series: SeriesPrices, data_dir: Path, now: datetime
) -> TakenOverFiles:
    """Read delivery records, open problems and refused answers; events without a record become unknown.

    Args:
        connection: A transaction that writes; the series' observations are in the database.
        spec: The pipeline.
        series: Its series, with all observations.
        data_dir: The folder of everything that pipelines wrote.
        now: The real clock, for the record (UTC).

    Raises:
        AlertStateDamagedError: A delivery record can't be read.
        OSError: A file can't be read.
    """
    alerts = take_over_alerts(connection, spec, series, data_dir, now)
    return TakenOverFiles(
        deliveries=alerts.records,
        problems=take_over_problems(connection, data_dir),
        refused=take_over_quarantine(connection, spec.name, series.series.coin, data_dir),
        unknown=alerts.events,
    )

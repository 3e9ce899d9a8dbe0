"""The step that computes statistics, and makes the processed table of them."""

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import observations
from pipeline_lib.errors import ObservationMissingError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.exports import export_processed_table, find_series_of
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.steps.statistics import update_statistics


def compute_moving_average(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Bring moves and rolling statistics up to the observations, and the processed table up to those.

    What an earlier run couldn't add, since its own step failed, is added now.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        ObservationMissingError: The run's observation isn't recorded.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    series = find_series_of(spec, services)
    if series is None:
        raise ObservationMissingError(spec.name, run.moment)
    with services.database.writing() as connection:
        if observations.find(connection, series.id, run.moment) is None:
            raise ObservationMissingError(spec.name, run.moment)
        updated = update_statistics(connection, series.id, spec.windows)
    warnings = export_processed_table(spec, services, series)
    newest = format_moment(updated.last or run.moment)
    state = "" if updated.changed else ", unchanged"
    return Done(f"{updated.rows} rows up to {newest}{state}", warnings)

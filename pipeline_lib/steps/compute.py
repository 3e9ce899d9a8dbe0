"""The step that computes statistics, and makes the processed table of them."""

from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import observations
from pipeline_lib.errors import ObservationMissingError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.exports import export_processed_table, series_of
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
    warnings = export_processed_table(spec, services, series)
    newest = format_moment(updated.last or run.moment)
    state = "" if updated.changed else ", unchanged"
    return Done(f"{counted(updated.rows, 'row')} up to {newest}{state}", warnings)

"""The step that makes the processed table."""

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.steps.statistics import holds_row, update_processed_table
from pipeline_lib.steps.statistics_rows import update_statistics


def compute_moving_average(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Bring the processed table up to the raw log: moves and rolling statistics of every moment.

    What an earlier run couldn't add, since its own step failed, is added now.

    Raises:
        StoreError: The raw log is damaged, or lacks the run's row, or the table is busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    table = update_processed_table(layout, spec.windows)
    if table.last is None or not holds_row(layout, run.moment):
        raise TableDamagedError(
            layout.raw_log,
            table.rows + 1,
            f"no row of {format_moment(run.moment)}",
            hint="run the fetch step for this moment",
        )
    with services.database.writing() as connection:
        update_statistics(connection, spec)
    state = "" if table.changed else ", unchanged"
    return Done(f"{table.rows} rows up to {format_moment(table.last)}{state}")

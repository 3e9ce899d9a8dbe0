"""The step that makes the processed table."""

from pipeline_lib.analysis.processed import processed_columns, processed_rows
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.outcome import Done, Outcome
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.steps.run import Access, Run
from pipeline_lib.store import processed_table, raw_log
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.locking import exclusive
from pipeline_lib.timestamps import format_moment


def compute_moving_average(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Make the processed table from the raw log: moves and rolling statistics of every moment.

    Raises:
        StoreError: The raw log is damaged, or lacks the run's row, or the table is busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, access.settings)
    with exclusive(layout.processed_table):
        observations = raw_log.read(layout.raw_log)
        if all(row.moment != run.moment for row in observations):
            raise TableDamagedError(
                layout.raw_log,
                len(observations) + 1,
                f"no row of {format_moment(run.moment)}",
                hint="run the fetch step for this moment",
            )
        rows = list(processed_rows(observations, spec.windows))
        changed = processed_table.write(layout.processed_table, processed_columns(spec.windows), rows)
    last = max(row.moment for row in observations)
    state = "" if changed else ", unchanged"
    return Done(f"{len(rows)} rows up to {format_moment(last)}{state}")

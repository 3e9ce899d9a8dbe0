"""The files that are made from the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_lib.database.replays import ReplayedPart
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.statistics import rebuild_processed_table
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import log_index, raw_log
from pipeline_lib.store.log.log_index import LogIndex
from pipeline_lib.store.log.open_log import HEADER_BYTES
from pipeline_lib.store.log.raw_rows import encode_row


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """What became of the files.

    Attributes:
        log_changed: Whether the raw log was another before.
        table_changed: Whether the processed table was another before.
    """

    log_changed: bool
    table_changed: bool


def write_files(spec: PipelineSpec, services: Services, parts: Sequence[ReplayedPart]) -> WrittenFiles:
    """Put raw log and processed table in place, each whole or not at all.

    Args:
        spec: The pipeline.
        services: How to reach the world.
        parts: All snapshots in their order.
    """
    layout = Layout.of(spec.name, services.settings)
    rows = [encode_row(each).encode() for part in parts for each in part.observations]
    with exclusive(layout.raw_log):
        content = HEADER_BYTES + b"".join(rows) if rows else b""
        log_changed = content != raw_log.read_bytes(layout.raw_log)
        if log_changed:
            log_index.remove(layout.raw_log)
            replace(layout.raw_log, content)
            log_index.write(layout.raw_log, LogIndex.of_rows(rows, len(HEADER_BYTES)))
        table = rebuild_processed_table(layout, spec.windows)
    return WrittenFiles(log_changed, table.changed)

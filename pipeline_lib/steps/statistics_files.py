"""Raw log → processed table, for who rebuilds or verifies files that the database doesn't know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import processed_columns, processed_rows
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.open_log import REBUILD
from pipeline_lib.store.table import processed_table

if TYPE_CHECKING:
    from pipeline_lib.specs import Window


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A processed table that holds all of its log.

    Attributes:
        rows: How many rows it has.
        last: The moment of its last row; None when there is no row.
        changed: Whether it wasn't so before.
    """

    rows: int
    last: datetime | None
    changed: bool


def rebuild_processed_table(layout: Layout, windows: "Sequence[Window]") -> Rebuilt:
    """Make the processed table from nothing but the raw log.

    Raises:
        TableDamagedError: A line of the log is not a row, or a moment stands there twice.
        StoreBusyError: Another process holds the table for too long.
        OSError: The disk is full or read-only. The table is then as it was before.
    """
    with exclusive(layout.processed_table), collecting_no_garbage():
        observations = raw_log.read(layout.raw_log)
        if not observations:
            return Rebuilt(0, None, changed=False)
        content = build_processed_table(layout.raw_log, observations, windows)
        changed = processed_table.write(layout.processed_table, content)
        return Rebuilt(len(observations), max(row.moment for row in observations), changed)


def build_processed_table(
    log: Path, observations: Sequence[Observation], windows: "Sequence[Window]"
) -> bytes:
    """The whole table of ``observations``.

    Raises:
        TableDamagedError: A moment stands in the log twice.
    """
    _check_moments(log, observations)
    return processed_table.encode(processed_columns(windows), processed_rows(observations, windows))


def _check_moments(log: Path, observations: Sequence[Observation]) -> None:
    seen: set[datetime] = set()
    for row in observations:
        if row.moment in seen:
            raise TableDamagedError(log, 1, f"{format_moment(row.moment)} stands there twice", hint=REBUILD)
        seen.add(row.moment)

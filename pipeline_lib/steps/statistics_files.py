"""Raw log → processed table, where store and analysis meet.

The table's bytes follow from the log's rows alone: not from their order, nor from how many came at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import METHOD, Lookback, processed_columns, processed_rows
from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.open_log import REBUILD
from pipeline_lib.store.table import processed_table, table_progress
from pipeline_lib.store.table.sorted_table import SortedTable
from pipeline_lib.store.table.table_progress import TableProgress

if TYPE_CHECKING:
    from pipeline_lib.specs import Window


@dataclass(frozen=True, slots=True)
class Updated:
    """A processed table that holds all of its log.

    Attributes:
        rows: How many rows it has.
        last: The moment of its last row; None when there is no row.
        changed: Whether it wasn't so before.
    """

    rows: int
    last: datetime | None
    changed: bool


def update_processed_table(layout: Layout, windows: "Sequence[Window]") -> Updated:
    """Bring the processed table up to the raw log.

    Rows later than the table's own are appended, at a cost that grows with the longest window and not with
    the history. A row that came late has the table replaced from its place on. A table that was lost, edited
    or made for other windows is made again from nothing.

    Raises:
        TableDamagedError: A line of the log is not a row, or a moment stands there twice.
        StoreBusyError: Another process holds the table for too long.
        OSError: The disk is full or read-only.
    """
    with exclusive(layout.processed_table):
        progress = _believable_progress(layout, windows)
        if progress is None:
            return _rebuild(layout, windows)
        new, log_bytes = raw_log.read_from(layout.raw_log, progress.log_bytes)
        with _opened(layout.processed_table) as table:
            last = table.last_moment()
            if not new:
                return Updated(progress.rows, last, changed=False)
            if last is None or min(row.moment for row in new) > last:
                content = _encode(layout, new, windows, table, table.end)
                processed_table.append(layout.processed_table, table.end, content)
                return _note(layout, progress.rows + len(new), log_bytes, max(row.moment for row in new))
            return _replace_from_late_row(layout, windows, table, progress.rows)


def rebuild_processed_table(layout: Layout, windows: "Sequence[Window]") -> Updated:
    """Make the processed table from nothing but the raw log.

    Raises:
        TableDamagedError: A line of the log is not a row, or a moment stands there twice.
        StoreBusyError: Another process holds the table for too long.
        OSError: The disk is full or read-only. The table is then as it was before.
    """
    with exclusive(layout.processed_table):
        return _rebuild(layout, windows)


def build_processed_table(
    log: Path, observations: Sequence[Observation], windows: "Sequence[Window]"
) -> bytes:
    """The whole table of ``observations``.

    Raises:
        TableDamagedError: A moment stands in the log twice.
    """
    _check_moments(log, observations)
    return processed_table.encode(processed_columns(windows), processed_rows(observations, windows))


def holds_row(layout: Layout, moment: datetime) -> bool:
    """Whether the processed table has a row of ``moment``."""
    try:
        with _opened(layout.processed_table) as table:
            return table.holds(moment)
    except FileNotFoundError:
        return False


def _believable_progress(layout: Layout, windows: "Sequence[Window]") -> TableProgress | None:
    progress = table_progress.read(layout.processed_table)
    if progress is None or not progress.holds_of(layout.processed_table, layout.raw_log, METHOD):
        return None
    with _opened(layout.processed_table) as table:
        header = processed_table.encode(processed_columns(windows), ())
        return progress if table.header == header else None


def _rebuild(layout: Layout, windows: "Sequence[Window]") -> Updated:
    with collecting_no_garbage():
        observations, log_bytes = raw_log.read_from(layout.raw_log, 0)
        if not observations:
            return Updated(0, None, changed=False)
        content = build_processed_table(layout.raw_log, observations, windows)
    changed = processed_table.write(layout.processed_table, content)
    last = max(row.moment for row in observations)
    return replace(_note(layout, len(observations), log_bytes, last), changed=changed)


def _replace_from_late_row(
    layout: Layout, windows: "Sequence[Window]", table: SortedTable, rows: int
) -> Updated:
    """Make the table anew from the place of the earliest row that isn't among its ``rows`` on."""
    observations, log_bytes = raw_log.read_from(layout.raw_log, 0)
    first = min(row.moment for row in observations[rows:])
    place = table.find_place(first)
    later = [row for row in observations if row.moment >= first]
    content = _encode(layout, later, windows, table, place)
    processed_table.write(layout.processed_table, table.read(place) + content)
    return _note(layout, len(observations), log_bytes, max(row.moment for row in later))


def _encode(
    layout: Layout,
    observations: Sequence[Observation],
    windows: "Sequence[Window]",
    table: SortedTable,
    place: int,
) -> bytes:
    """The rows of ``observations``, which go into the table at ``place``."""
    _check_moments(layout.raw_log, observations)
    lookback = Lookback.of(windows)
    oldest = min(row.moment for row in observations) - lookback.time
    prices = table.prices_before(place, oldest, lookback.rows)
    before = [PricePoint(moment, price) for moment, price in prices]
    return processed_table.encode_rows(processed_rows(observations, windows, before))


def _note(layout: Layout, rows: int, log_bytes: int, last: datetime) -> Updated:
    progress = TableProgress.note(
        layout.processed_table, layout.raw_log, method=METHOD, rows=rows, log_bytes=log_bytes
    )
    table_progress.write(layout.processed_table, progress)
    return Updated(rows, last, changed=True)


def _check_moments(log: Path, observations: Sequence[Observation]) -> None:
    seen: set[datetime] = set()
    for row in observations:
        if row.moment in seen:
            raise TableDamagedError(log, 1, f"{format_moment(row.moment)} stands there twice", hint=REBUILD)
        seen.add(row.moment)


@contextmanager
def _opened(path: Path) -> Iterator[SortedTable]:
    with path.open("rb") as file:
        yield SortedTable.of(file.fileno())

"""Statistics that are proved to be what the observations give, or rebuilt."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pipeline_lib.analysis.processed import processed_rows
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.timestamps import BEGINNING, END, format_moment
from pipeline_lib.database.statistics import computed, latest_rows, observed, states
from pipeline_lib.database.statistics.latest_rows import LatestObservation
from pipeline_lib.database.statistics.series_prices import SeriesPrices
from pipeline_lib.database.statistics.states import StatisticsState
from pipeline_lib.publishing.csv.cells import encode_rows
from pipeline_lib.steps.statistics import computed_by, update_statistics

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pipeline_lib.specs import Window


def rebuild_statistics(
    connection: "Connection", series_ids: Collection[int], windows: "Sequence[Window]"
) -> bool:
    """Make the statistics of series those that their observations give, whatever they were.

    Args:
        connection: A transaction that writes; two of one series follow each other.
        series_ids: Keys of the series.
        windows: Of the pipeline.

    Returns:
        Whether they were others before.

    Raises:
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    if update_statistics(connection, series_ids, windows).changed:
        return True
    wrong = [key for key in series_ids if find_wrong_moment(connection, key, windows) is not None]
    if not wrong:
        return False
    computed.clear(connection, wrong)
    states.write(connection, dict.fromkeys(wrong, states.NOT_COMPUTED))
    update_statistics(connection, wrong, windows)
    return True


def fill_statistics(connection: "Connection", series: SeriesPrices, windows: "Sequence[Window]") -> bytes:
    """Enter the statistics of a series that a replay has just recorded, unless somebody was faster.

    What came since then is in them, too, but not in the lines.

    Args:
        connection: A transaction that writes; two of one series follow each other.
        series: The series, with at least one price.
        windows: Of the pipeline.

    Returns:
        The lines of the processed table without what came since; none when somebody was faster.

    Raises:
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    key = series.series.id
    if states.lock(connection, [key])[key].arrival:
        return b""
    labels = [window.label for window in windows]
    rows = (computed.SeriesRow(key, series.arrival, row) for row in processed_rows(series.prices, windows))
    lines = b"".join(map(encode_rows, computed.write_in_chunks(connection, labels, rows)))
    states.write(connection, {key: StatisticsState(computed_by(windows), series.arrival)})
    latest_rows.update(connection, {key: len(series.prices)})
    update_statistics(connection, [key], windows)
    return lines


def find_wrong_moment(connection: "Connection", series_id: int, windows: "Sequence[Window]") -> str | None:
    """The first moment whose statistics aren't those that all observations give; None when all are.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        windows: Of the pipeline.
    """
    labels = [window.label for window in windows]
    with collecting_no_garbage():
        prices = observed.read_prices(connection, [series_id], BEGINNING, END).get(series_id, [])
        found = computed.read_cells(connection, series_id, labels)
        for wanted, row in zip_longest(map(_as_text, processed_rows(prices, windows)), map(_as_text, found)):
            if wanted != row:
                moment: str = (wanted or row or [""])[0]
                return moment
    latest = LatestObservation(prices[-1].moment, len(prices)) if prices else None
    if latest_rows.read(connection, [series_id]).get(series_id) != latest:
        return "the newest moment"
    return None


def _as_text(row: Sequence[Any]) -> list[Any]:
    return [_FORMATS.get(type(cell), _unchanged)(cell) for cell in row]


def _unchanged(cell: Any) -> Any:  # noqa: ANN401 (a cell of any kind)
    return cell


_FORMATS: Mapping[type, Callable[[Any], Any]] = {Decimal: to_digits, datetime: format_moment}

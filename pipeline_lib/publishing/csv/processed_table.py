"""The processed table of one coin: one row a moment, by time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import METHOD, processed_columns
from pipeline_lib.common.spans import EVER, Span
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import arrivals
from pipeline_lib.database.pipelines import Series
from pipeline_lib.database.statistics import computed, states
from pipeline_lib.publishing.csv.cells import encode_rows
from pipeline_lib.publishing.csv.table import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from pipeline_lib.specs import Window


@dataclass(frozen=True, slots=True)
class ProcessedTable:
    """Moves and rolling statistics of a series.

    Attributes:
        pipeline: Name of the pipeline.
        series: The pipeline's series of today's coin and currency.
        windows: The pipeline's; the statistics are of these.
        just_written: All rows as they were just written to the database, which needn't be read again; None
            where nobody has just written them.
    """

    pipeline: str
    series: Series
    windows: "Sequence[Window]"
    just_written: Rows | None = None

    @property
    def header(self) -> bytes:
        """The file's first line."""
        return (",".join(processed_columns(self.windows)) + "\n").encode()

    @property
    def made_by(self) -> str:
        """Method, series and windows."""
        labels = " ".join(window.label for window in self.windows)
        return f"method={METHOD} {self.series.coin} {self.series.vs_currency} {labels}"

    def read_all(self, connection: "Connection") -> Rows | None:
        """All rows; None when there is none."""
        if self.just_written and self._holds(connection, self.just_written):
            return self.just_written
        return self._read(connection, EVER, None)

    def read_after(self, connection: "Connection", arrival: int) -> Rows | None:
        """The rows that changed since an arrival, and those after them; None when none did.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        first = computed.first_changed(connection, [self.series.id], arrival)
        if first is None:
            return None
        return self._read(connection, EVER.since(first), format_moment(first).encode())

    def chain_at(self, connection: "Connection", arrival: int) -> str | None:
        """The hash over all arrivals up to one; None when the statistics don't hold it yet.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        if arrival > self._computed_to(connection):
            return None
        return arrivals.chain_at(connection, self.pipeline, arrival)

    def _holds(self, connection: "Connection", rows: Rows) -> bool:
        """Whether the database still holds these rows, and no others."""
        is_newest = self._computed_to(connection) == rows.arrival
        return is_newest and self.chain_at(connection, rows.arrival) == rows.chain

    def _computed_to(self, connection: "Connection") -> int:
        return states.read(connection, [self.series.id]).get(self.series.id, states.NOT_COMPUTED).arrival

    def _read(self, connection: "Connection", within: Span, replaces_from: bytes | None) -> Rows | None:
        labels = [window.label for window in self.windows]
        content = encode_rows(computed.read_cells(connection, self.series.id, labels, within))
        if not content:
            return None
        arrival = self._computed_to(connection)
        chain = arrivals.chain_at(connection, self.pipeline, arrival) or ""
        return Rows(content, arrival, chain, replaces_from)

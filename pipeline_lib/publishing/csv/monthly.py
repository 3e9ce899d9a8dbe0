"""Tables of several coins: a file a UTC month, by moment and coin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import METHOD, processed_columns_of_coins
from pipeline_lib.archive.rows import HEADER
from pipeline_lib.common.spans import Span
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import arrivals, observations
from pipeline_lib.database.pipelines import Series
from pipeline_lib.database.statistics import computed, states
from pipeline_lib.publishing.csv.cells import encode_rows
from pipeline_lib.publishing.csv.table import Rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pipeline_lib.specs import Window


@dataclass(frozen=True, slots=True)
class MonthlyRawLog:
    """The observations of a month, of all series that the pipeline ever had.

    Attributes:
        pipeline: Name of the pipeline.
        month: The month.
    """

    pipeline: str
    month: Span

    @property
    def header(self) -> bytes:
        """The file's first line."""
        return HEADER.encode()

    @property
    def made_by(self) -> str:
        """The columns."""
        return HEADER.strip()

    def read_all(self, connection: "Connection") -> Rows | None:
        """All rows; None when there is none."""
        rows = self.read_after(connection, 0)
        return None if rows is None else Rows(rows.content, rows.arrival, rows.chain)

    def read_after(self, connection: "Connection", arrival: int) -> Rows | None:
        """The rows from the first moment on that has something new; None when none has.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        changed = observations.find_changed(connection, self.pipeline, arrival, self.month)
        if changed is None:
            return None
        lines = observations.read_lines_by_moment(connection, self.pipeline, self.month.since(changed.first))
        if not lines:
            return None
        chain = arrivals.chain_at(connection, self.pipeline, changed.newest) or ""
        content = "\n".join([*lines, ""]).encode()
        return Rows(content, changed.newest, chain, format_moment(changed.first).encode())

    def chain_at(self, connection: "Connection", arrival: int) -> str | None:
        """The hash over all arrivals up to one; None when there is no such arrival.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        return arrivals.chain_at(connection, self.pipeline, arrival)


@dataclass(frozen=True, slots=True)
class MonthlyProcessedTable:
    """Moves and rolling statistics of a month.

    Attributes:
        pipeline: Name of the pipeline.
        series: The pipeline's series of today's currency.
        windows: The pipeline's; the statistics are of these.
        month: The month.
    """

    pipeline: str
    series: Sequence[Series]
    windows: "Sequence[Window]"
    month: Span

    @property
    def header(self) -> bytes:
        """The file's first line."""
        return (",".join(processed_columns_of_coins(self.windows)) + "\n").encode()

    @property
    def made_by(self) -> str:
        """Method, currency and windows."""
        labels = " ".join(window.label for window in self.windows)
        currencies = " ".join(sorted({each.vs_currency for each in self.series}))
        return f"method={METHOD} {currencies} {labels}"

    def read_all(self, connection: "Connection") -> Rows | None:
        """All rows; None when there is none."""
        return self._read(connection, self.month, None)

    def read_after(self, connection: "Connection", arrival: int) -> Rows | None:
        """The rows from the first moment on that changed since an arrival; None when none did.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        first = computed.first_changed(connection, self._ids, arrival, self.month)
        if first is None:
            return None
        return self._read(connection, self.month.since(first), format_moment(first).encode())

    def chain_at(self, connection: "Connection", arrival: int) -> str | None:
        """The hash over all arrivals up to one; None when the statistics don't hold it yet.

        Args:
            connection: A transaction.
            arrival: Number of the arrival.
        """
        if arrival > self._newest(connection):
            return None
        return arrivals.chain_at(connection, self.pipeline, arrival)

    @property
    def _ids(self) -> Sequence[int]:
        return [each.id for each in self.series]

    def _newest(self, connection: "Connection") -> int:
        # Statistics of all series are computed in one transaction: those of the others have nothing newer.
        return max((state.arrival for state in states.read(connection, self._ids).values()), default=0)

    def _read(self, connection: "Connection", within: Span, replaces_from: bytes | None) -> Rows | None:
        labels = [window.label for window in self.windows]
        content = encode_rows(computed.read_cells_of_coins(connection, self._ids, labels, within))
        if not content:
            return None
        newest = self._newest(connection)
        chain = arrivals.chain_at(connection, self.pipeline, newest) or ""
        return Rows(content, newest, chain, replaces_from)

"""What a pipeline publishes: its archive, and the rows of the database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import processed_columns, processed_columns_of_coins
from pipeline_lib.common.spans import Span
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_pipeline, find_series
from pipeline_lib.database.publications import Target
from pipeline_lib.database.statistics import computed
from pipeline_lib.publishing.csv.cells import encode_rows
from pipeline_lib.publishing.csv.raw_log import RawLog
from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Source:
    """One pipeline.

    Attributes:
        spec: Its spec.
        layout: Where its archive is.
        database: Has its rows.
        now: The real clock, for the record of when something was published.
    """

    spec: PipelineSpec
    layout: Layout
    database: Database
    now: Callable[[], datetime]

    @contextmanager
    def reading(self) -> "Iterator[Connection]":
        """A transaction that reads, whose connection is given back: S3 may take its time.

        Raises:
            DatabaseError: The database can't be used.
        """
        with self.database.reading() as connection:
            yield connection
        self.database.close()

    @contextmanager
    def writing(self) -> "Iterator[Connection]":
        """A transaction that writes, whose connection is given back: S3 may take its time.

        Raises:
            DatabaseError: The database can't be used.
        """
        with self.database.writing() as connection:
            yield connection
        self.database.close()

    def find_target(self, connection: "Connection", destination: Destination) -> Target | None:
        """A destination's key in the database; None while the pipeline has no rows."""
        pipeline_id = find_pipeline(connection, self.spec.name)
        return None if pipeline_id is None else Target(pipeline_id, destination.fingerprint())

    def find_series(self, connection: "Connection") -> Sequence[int]:
        """The keys of the series whose statistics are published; none while they have no rows."""
        spec = self.spec
        return [
            each.id for each in find_series(connection, spec.name) if spec.covers(each.coin, each.vs_currency)
        ]


def encode_raw_log(connection: "Connection", source: Source) -> bytes:
    """The raw log's bytes, in the order of arrival; without rows, its header."""
    log = RawLog(source.spec.name)
    rows = log.read_all(connection)
    return log.header + (rows.content if rows else b"")


def encode_processed(
    connection: "Connection", source: Source, series_ids: Sequence[int], within: Span
) -> bytes | None:
    """The processed table's rows of some moments under its header; None when it has none.

    Args:
        connection: A transaction.
        source: The pipeline.
        series_ids: Keys of its series.
        within: Which moments.
    """
    windows = source.spec.windows
    labels = [window.label for window in windows]
    if source.spec.has_one_coin:
        columns = processed_columns(windows)
        rows = [row for key in series_ids for row in computed.read_cells(connection, key, labels, within)]
    else:
        columns = processed_columns_of_coins(windows)
        rows = list(computed.read_cells_of_coins(connection, series_ids, labels, within))
    return (",".join(columns) + "\n").encode() + encode_rows(rows) if rows else None

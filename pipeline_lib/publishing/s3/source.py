"""What a pipeline publishes: its archive, and the rows of the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from pipeline_lib.analysis.processed import processed_columns
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_pipeline, find_series_id
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

    def find_series_id(self, connection: "Connection") -> int | None:
        """The key of the series whose statistics are published; None while it has no rows."""
        spec = self.spec
        return find_series_id(connection, spec.name, spec.coin, spec.vs_currency)


def encode_raw_log(connection: "Connection", source: Source) -> bytes:
    """The raw log's bytes, in the order of arrival; without rows, its header."""
    log = RawLog(source.spec.name)
    rows = log.read_all(connection)
    return log.header + (rows.content if rows else b"")


def encode_day(connection: "Connection", source: Source, series_id: int, day: date) -> bytes | None:
    """The processed table's rows of a UTC day under its header; None when it has none.

    Args:
        connection: A transaction.
        source: The pipeline.
        series_id: Its series.
        day: The day.
    """
    since = datetime.combine(day, time(), UTC)
    return _encode(connection, source, series_id, since, since + timedelta(days=1))


def encode_table(connection: "Connection", source: Source, series_id: int) -> bytes | None:
    """The whole processed table; None when it has no rows.

    Args:
        connection: A transaction.
        source: The pipeline.
        series_id: Its series.
    """
    return _encode(connection, source, series_id, BEGINNING, None)


def _encode(
    connection: "Connection", source: Source, series_id: int, since: datetime, until: datetime | None
) -> bytes | None:
    windows = source.spec.windows
    labels = [window.label for window in windows]
    rows = encode_rows(computed.read_cells(connection, series_id, labels, since, until))
    return (",".join(processed_columns(windows)) + "\n").encode() + rows if rows else None

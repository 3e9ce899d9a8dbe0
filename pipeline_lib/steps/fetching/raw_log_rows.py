"""The raw log, brought up to what the database has recorded."""

from pathlib import Path

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import arrivals, observations
from pipeline_lib.database.connections import Database
from pipeline_lib.store.log import raw_log


def append_new_rows(path: Path, database: Database, pipeline: str) -> None:
    """Append the rows of all arrivals behind that of the log's last row, in their order.

    Args:
        path: The log.
        database: Knows the arrivals.
        pipeline: Name of the pipeline.

    Raises:
        TableDamagedError: The log has another header, or its last row is of no arrival.
        StoreBusyError: Another process holds the log for too long.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    with raw_log.opened(path) as log, database.reading() as connection:
        last = log.last_moment()
        found = [] if last is None else arrivals.find(connection, pipeline, last)
        if last is not None and not found:
            raise log.damaged(f"no arrival is of {format_moment(last)}, the moment of its last row")
        after = found[-1].number if found else 0
        for recorded in observations.read_by_arrival(connection, pipeline, after):
            log.append(recorded.observation)

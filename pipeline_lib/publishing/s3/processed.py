"""The processed table on S3: a partition a day, and the whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.publishing.s3.destination import CSV, Destination, at_once
from pipeline_lib.publishing.s3.object_keys import processed_day_key
from pipeline_lib.publishing.s3.publish_state import Prefix, ProcessedNote, PublishState
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.table import processed_table

# The table is sorted by time, so the rows of a day stand together.
_DAY = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2})T[^\n]*\n(?:\1T[^\n]*\n)*")


@dataclass(frozen=True, slots=True)
class DayPartition:
    """The rows of one UTC day under the table's header.

    Attributes:
        day: The day.
        start: Where its rows begin in the table, in bytes.
        content: What S3 has to hold.
    """

    day: date
    start: int
    content: bytes

    @property
    def sha256(self) -> str:
        """Of its content, in hexadecimal digits."""
        return Prefix.of(self.content).sha256


@dataclass(frozen=True, slots=True)
class ProcessedReport:
    """What a publication of the processed table did.

    Attributes:
        days: Days whose partitions had changed and were published.
        left: How many changed days wait for a later publication.
        table_changed: Whether the whole table was written.
    """

    days: tuple[date, ...]
    left: int
    table_changed: bool


def publish_processed_table(
    layout: Layout, destination: Destination, *, day: date | None = None, at_most: int
) -> ProcessedReport:
    """Put on S3 the partitions of all days that have changed, and the whole table when it has.

    Of the days before the last one published it is enough to know that none has changed, which one hash of
    them all tells; so an ordinary run looks at one day or two. A late row changes that hash, and then each
    day is compared with the hash that was noted when it was published.

    Args:
        layout: The pipeline's files.
        destination: The pipeline's objects.
        day: A UTC day that the table must have; it is published first.
        at_most: How many changed days to publish; the others are left to a later publication.

    Raises:
        TableDamagedError: The table doesn't have ``day``, or has lines that aren't rows in order of time.
        S3UnavailableError: No usable answer from S3. What was published before that is noted.
        S3RefusedError: S3 refused the request.
        StoreBusyError: Another process has been publishing for too long.
        OSError: The disk is full or read-only.
    """
    state = PublishState.of(layout, destination)
    with exclusive(state.processed_path):
        # Read under the lock, so that who publishes later never publishes an earlier state.
        table = _complete_lines(processed_table.read_bytes(layout.processed_table))
        if day and table.rfind(f"\n{day.isoformat()}T".encode()) < 0:
            raise TableDamagedError(
                layout.processed_table, 1, f"no row of {day}", hint="run the compute step first"
            )
        note = state.read_processed() or ProcessedNote()
        start = note.covered.length if note.covered.begins(table) else 0
        partitions = list(split_by_day(layout, table, start))
        changed = _changed(state, partitions)
        changed.sort(key=lambda partition: partition.day != day)
        now, later = changed[:at_most], changed[at_most:]
        _publish_days(state, destination, now)
        if partitions and not later and partitions[-1].start != start:
            note = replace(note, covered=Prefix.of(table, partitions[-1].start))
        table_changed = False
        try:
            if destination.has_whole_files and table:
                whole_sha256 = Prefix.of(table).sha256
                if note.whole_sha256 != whole_sha256:
                    table_changed = destination.bucket.replace(destination.processed_table_key, table, CSV)
                    note = replace(note, whole_sha256=whole_sha256)
        finally:
            state.write_processed(note)
    return ProcessedReport(tuple(partition.day for partition in now), len(later), table_changed)


def split_by_day(layout: Layout, table: bytes, start: int = 0) -> Iterator[DayPartition]:
    """The days of a table from a place on that is the start of a day's rows, or 0.

    Raises:
        TableDamagedError: A line isn't a row, or a row stands before an earlier one.
    """
    header = table[: table.find(b"\n") + 1]
    position, last_day = start or len(header), ""
    while position < len(table):
        found = _DAY.match(table, position)
        text = found.group(1).decode() if found else ""
        if found is None or text <= last_day:
            line = table.count(b"\n", 0, position) + 1
            raise TableDamagedError(
                layout.processed_table,
                line,
                "not a row, or not in order of time",
                hint="run the compute step again",
            )
        yield DayPartition(_day(layout, text), position, header + found.group())
        position, last_day = found.end(), text


def _day(layout: Layout, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise TableDamagedError(
            layout.processed_table, 1, f"{text} is no day", hint="run the compute step again"
        ) from error


def _complete_lines(table: bytes) -> bytes:
    return table[: table.rfind(b"\n") + 1]


def _changed(state: PublishState, partitions: list[DayPartition]) -> list[DayPartition]:
    noted: dict[str, str] = {}
    for month in {_month(partition) for partition in partitions}:
        noted |= state.read_days(month)
    return [partition for partition in partitions if noted.get(partition.day.isoformat()) != partition.sha256]


def _publish_days(state: PublishState, destination: Destination, partitions: list[DayPartition]) -> None:
    published: list[DayPartition] = []

    def publish(partition: DayPartition) -> DayPartition:
        key = processed_day_key(destination.prefix, destination.name, partition.day)
        destination.bucket.replace(key, partition.content, CSV)
        return partition

    try:
        for partition in at_once(publish, partitions):
            published.append(partition)  # noqa: PERF402 (kept up to the first failure)
    finally:
        for month in {_month(partition) for partition in published}:
            hashes = {
                partition.day.isoformat(): partition.sha256
                for partition in published
                if _month(partition) == month
            }
            state.write_days(month, state.read_days(month) | hashes)


def _month(partition: DayPartition) -> str:
    return f"{partition.day:%Y-%m}"

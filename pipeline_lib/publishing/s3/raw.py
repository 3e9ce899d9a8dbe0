"""Snapshots and the raw log on S3."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline_lib.archive.snapshots import complete_snapshot
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.errors import (
    S3ConflictError,
    SnapshotDamagedError,
    SnapshotMissingError,
    StoreError,
    TableDamagedError,
)
from pipeline_lib.publishing.s3.destination import CSV, JSON, Destination, at_once
from pipeline_lib.publishing.s3.object_keys import raw_partitions_prefix, raw_snapshot_key
from pipeline_lib.publishing.s3.publish_state import Prefix, PublishState, RawNote
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.open_log import REBUILD

_Put = Callable[[str, bytes, str], object]


@dataclass(frozen=True, slots=True)
class RawReport:
    """What a publication of the raw log did.

    Attributes:
        published: How many snapshots it found missing on S3 and put there.
        refused: Why others stay missing, which trying again won't change.
        left: How many snapshots wait for a later publication.
        log_changed: Whether the whole log was written.
    """

    published: int
    refused: tuple[StoreError, ...]
    left: int
    log_changed: bool


def publish_snapshot(layout: Layout, destination: Destination, moment: datetime) -> None:
    """Put both files of a snapshot on S3, where they never change.

    While there is no note of the destination, it is also seen to that S3 doesn't overwrite them.

    Raises:
        SnapshotMissingError: There is no snapshot of ``moment``.
        SnapshotDamagedError: A file is there, but isn't a snapshot of that moment.
        S3ConflictError: S3 has another snapshot of the moment.
        S3UnavailableError: No usable answer from S3.
        S3RefusedError: S3 refused the request, or overwrites what must not change.
        OSError: The disk is full or read-only.
    """
    bucket = destination.bucket
    is_known = PublishState.of(layout, destination).read_raw() is not None
    _put_snapshot(
        layout, destination, moment, bucket.put_immutable if is_known else bucket.require_conditional_writes
    )


def publish_raw_log(
    layout: Layout, destination: Destination, *, published: Collection[datetime] = (), at_most: int
) -> RawReport:
    """Put on S3 the snapshots of all rows that it lacks, and the whole log when that has changed.

    Rows that came since the last publication cost a few requests each. When there is no note of a last one,
    or it speaks of another log, S3 is asked for the list of all that it has.

    Args:
        layout: The pipeline's files.
        destination: The pipeline's objects.
        published: Moments (UTC) whose snapshots are known to be there.
        at_most: How many snapshots to try; the others are left to a later publication.

    Raises:
        TableDamagedError: The log holds a line that doesn't begin with a moment.
        S3UnavailableError: No usable answer from S3. What was published before that is noted.
        S3RefusedError: S3 refused the request.
        StoreBusyError: Another process has been publishing for too long.
        OSError: The disk is full or read-only.
    """
    state = PublishState.of(layout, destination)
    with exclusive(state.raw_path):
        # Read under the lock, so that who publishes later never publishes an earlier state.
        log = raw_log.read_bytes(layout.raw_log)
        note = state.read_raw()
        lacking = [moment for moment in _lacking(layout, destination, note, log) if moment not in published]
        attempts = _try_snapshots(
            layout, destination, lacking[:at_most], is_known=note is not None or bool(published)
        )
        left = [*sorted(attempts.left), *lacking[at_most:]]
        progress = RawNote(
            covered=Prefix.of(log),
            waiting=(*left, *sorted(attempts.refused)),
            whole_sha256=note.whole_sha256 if note else None,
        )
        if attempts.failure:
            if note:
                state.write_raw(progress)
            raise attempts.failure
        log_changed = False
        try:
            if destination.has_whole_files and log and progress.whole_sha256 != progress.covered.sha256:
                log_changed = destination.bucket.replace(destination.raw_log_key, log, CSV)
                progress = replace(progress, whole_sha256=progress.covered.sha256)
        finally:
            state.write_raw(progress)
    return RawReport(len(attempts.published), tuple(attempts.refused.values()), len(left), log_changed)


def _lacking(layout: Layout, destination: Destination, note: RawNote | None, log: bytes) -> list[datetime]:
    """The moments whose snapshots S3 lacks, as far as is known; rows that are new come first."""
    if note and note.covered.begins(log):
        return [*_moments(layout, log, note.covered.length), *note.waiting]
    prefix = destination.prefix
    there = {found.key for found in destination.bucket.list_objects(raw_partitions_prefix(prefix))}
    return [
        moment
        for moment in _moments(layout, log, 0)
        if not all(raw_snapshot_key(prefix, moment, suffix) in there for suffix in (".json", ".csv"))
    ]


def _moments(layout: Layout, log: bytes, start: int) -> Iterator[datetime]:
    """The moments of the rows from a place in the log on, in their order."""
    first_line = log.count(b"\n", 0, start) + 1
    for number, line in enumerate(log[start:].splitlines(), start=first_line):
        if number == 1:
            continue
        try:
            yield parse_moment(line.partition(b",")[0].decode())
        except ValueError as error:
            raise TableDamagedError(layout.raw_log, number, str(error), hint=REBUILD) from error


@dataclass(slots=True)
class _Attempts:
    """What became of each snapshot, collected from many threads."""

    published: list[datetime] = field(default_factory=list)
    refused: dict[datetime, StoreError] = field(default_factory=dict)
    left: list[datetime] = field(default_factory=list)
    failure: StoreError | OSError | None = None


def _try_snapshots(
    layout: Layout, destination: Destination, moments: Sequence[datetime], *, is_known: bool
) -> _Attempts:
    attempts = _Attempts()
    bucket = destination.bucket

    def attempt(moment: datetime, put: _Put) -> None:
        # What S3 doesn't take now, it won't take for the next one either.
        if attempts.failure:
            attempts.left.append(moment)
            return
        try:
            _put_snapshot(layout, destination, moment, put)
        except (SnapshotMissingError, SnapshotDamagedError, S3ConflictError) as error:
            attempts.refused[moment] = error
        except (StoreError, OSError) as error:
            attempts.left.append(moment)
            attempts.failure = error
        else:
            attempts.published.append(moment)

    for moment in moments[:1]:
        attempt(moment, bucket.put_immutable if is_known else bucket.require_conditional_writes)
    for _ in at_once(lambda moment: attempt(moment, bucket.put_immutable), moments[1:]):
        pass
    return attempts


def _put_snapshot(layout: Layout, destination: Destination, moment: datetime, put: _Put) -> None:
    complete_snapshot(layout, moment)
    key = raw_snapshot_key(destination.prefix, moment, ".json")
    put(key, layout.snapshot_json(moment).read_bytes(), JSON)
    csv_key = raw_snapshot_key(destination.prefix, moment, ".csv")
    destination.bucket.put_immutable(csv_key, layout.snapshot_csv(moment).read_bytes(), CSV)

"""The raw log on S3: the snapshots of the archive, and the whole log."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline_lib.database import arrivals, publications
from pipeline_lib.database.arrivals import Arrival
from pipeline_lib.database.publications import Folder, Progress, PublishedObject, Target
from pipeline_lib.errors import SnapshotMissingError, StoreError
from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.publishing.s3.object_keys import raw_partitions_prefix
from pipeline_lib.publishing.s3.replacements import Known, replace_objects
from pipeline_lib.publishing.s3.snapshots import Attempts, put_snapshot, snapshot_keys, try_snapshots
from pipeline_lib.publishing.s3.source import Source, encode_raw_log

if TYPE_CHECKING:
    from sqlalchemy import Connection


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


NOTHING_NEW = RawReport(0, (), 0, log_changed=False)


def publish_snapshot(source: Source, destination: Destination, moment: datetime) -> frozenset[int]:
    """Put all files of a run's snapshot on S3, where they never change.

    While nothing is known of the destination, it is also seen to that S3 knows conditional writes.

    Args:
        source: The pipeline.
        destination: The pipeline's objects.
        moment: The run's moment (UTC).

    Returns:
        The numbers of the arrivals whose snapshots are there.

    Raises:
        SnapshotMissingError: There is no snapshot of ``moment``.
        SnapshotDamagedError: A file isn't the one that was archived.
        S3ConflictError: S3 has another snapshot of the moment.
        S3UnavailableError: No usable answer from S3.
        S3RefusedError: S3 refused the request, or overwrites what must not change.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    with source.reading() as connection:
        recorded = arrivals.find(connection, source.spec.name, moment)
        target = source.find_target(connection, destination)
        is_known = target is not None and _read_progress(connection, source, target) is not None
    if not recorded:
        raise SnapshotMissingError(source.layout.snapshot_json(moment))
    bucket = destination.bucket
    for each in recorded:
        put_first = bucket.put_immutable if is_known else bucket.require_conditional_writes
        put_snapshot(source.layout, destination, each.archived, put_first)
        is_known = True
    return frozenset(each.number for each in recorded)


def publish_raw_log(
    source: Source, destination: Destination, *, published: Collection[int] = (), at_most: int
) -> RawReport:
    """Put on S3 all snapshots that it lacks, and the whole raw log when that has changed.

    Snapshots that arrived since the last publication cost a few requests each. When nobody knows of a last
    one, or the numbers of arrivals are others since, S3 is asked for the list of all that it has.

    Args:
        source: The pipeline.
        destination: The pipeline's objects.
        published: Numbers of arrivals whose snapshots are known to be there.
        at_most: How many snapshots to try; the others are left to a later publication.

    Raises:
        S3UnavailableError: No usable answer from S3. What was published before that is noted.
        S3RefusedError: S3 refused the request.
        DatabaseError: The database can't be used.
        OSError: The archive can't be read.
    """
    plan = _plan(source, destination, published)
    if plan is None:
        return NOTHING_NEW
    tried, later = plan.lacking[:at_most], plan.lacking[at_most:]
    bucket = destination.bucket
    is_known = plan.was_known or bool(published)
    attempts = try_snapshots(
        source.layout,
        destination,
        [each.arrival for each in tried],
        bucket.put_immutable if is_known else bucket.require_conditional_writes,
    )
    if plan.was_known or not attempts.failure:
        _note(source, plan, attempts, later)
    if attempts.failure:
        raise attempts.failure
    refused = tuple(attempts.refused.values())
    left = sum(not each.was_refused for each in later)
    return RawReport(len(attempts.published), refused, left, _publish_whole(source, destination, plan))


@dataclass(frozen=True, slots=True)
class _Lacking:
    """A snapshot that S3 lacks, as far as is known.

    Attributes:
        arrival: Of the snapshot.
        is_noted: Whether the database knows that it is lacking.
        was_refused: Whether it couldn't be published before.
    """

    arrival: Arrival
    is_noted: bool = False
    was_refused: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be published.

    Attributes:
        target: The destination.
        progress: How far it is published when all this is.
        was_known: Whether anybody knew what S3 has.
        lacking: What it lacks: what is new, what waits for its turn, what was refused before.
        whole: What is known of the whole log's object.
    """

    target: Target
    progress: Progress
    was_known: bool
    lacking: Sequence[_Lacking]
    whole: PublishedObject | None


def _plan(source: Source, destination: Destination, published: Collection[int]) -> _Plan | None:
    with source.reading() as connection:
        target = source.find_target(connection, destination)
        if target is None:
            return None
        progress = _read_progress(connection, source, target)
        new = list(arrivals.read(connection, source.spec.name, progress.arrival if progress else 0))
        waiting = publications.read_unpublished(connection, target) if progress else []
        whole_name = destination.name_of(destination.raw_log_key)
        whole = publications.read_objects(connection, target, [whole_name]).get(whole_name)
    there = set[str]()
    if progress is None:
        prefix = raw_partitions_prefix(destination.prefix)
        there = {found.key for found in destination.bucket.list_objects(prefix)}
    lacking = [
        *(_Lacking(each) for each in new if not there.issuperset(snapshot_keys(destination, each.archived))),
        *(_Lacking(each, is_noted=True, was_refused=reason is not None) for each, reason in waiting),
    ]
    return _Plan(
        target=target,
        progress=Progress(new[-1].number, new[-1].chain_sha256) if new else progress or Progress(0, ""),
        was_known=progress is not None,
        lacking=[each for each in lacking if each.arrival.number not in published],
        whole=whole if progress else None,
    )


def _read_progress(connection: "Connection", source: Source, target: Target) -> Progress | None:
    """How far snapshots are published; None when nobody knows, or the numbers are others since."""
    progress = publications.read_progress(connection, target, Folder.RAW)
    if progress is None:
        return None
    chain = arrivals.chain_at(connection, source.spec.name, progress.arrival)
    return progress if progress.basis == (chain or "") else None


def _note(source: Source, plan: _Plan, attempts: Attempts, later: Sequence[_Lacking]) -> None:
    noted = {each.arrival.number for each in plan.lacking if each.is_noted}
    reasons: dict[int, str | None] = {each.arrival.number: None for each in later if not each.is_noted}
    reasons |= {number: None for number in attempts.left if number not in noted}
    reasons |= {number: str(error) for number, error in attempts.refused.items()}
    with source.writing() as connection:
        if plan.was_known:
            publications.advance(connection, plan.target, Folder.RAW, plan.progress, source.now())
        else:
            publications.start(connection, plan.target, Folder.RAW, plan.progress, source.now())
        publications.write_unpublished(connection, plan.target, reasons)
        publications.remove_unpublished(connection, plan.target, noted & set(attempts.published))


def _publish_whole(source: Source, destination: Destination, plan: _Plan) -> bool:
    key, known = destination.raw_log_key, plan.whole
    is_current = known is not None and known.arrival >= plan.progress.arrival
    if not destination.has_whole_files or is_current or not plan.progress.arrival:
        return False

    def read(_: Collection[str]) -> Mapping[str, bytes]:
        with source.reading() as connection:
            return {key: encode_raw_log(connection, source)}

    tags = {key: Known(known.sha256, known.etag)} if known else {}
    (confirmed,) = replace_objects(destination.bucket, [key], tags, read)
    noted = PublishedObject(destination.name_of(key), confirmed.sha256, confirmed.etag, plan.progress.arrival)
    with source.writing() as connection:
        publications.write_objects(connection, plan.target, [noted], source.now())
    return confirmed.is_written

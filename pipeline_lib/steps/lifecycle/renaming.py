"""Another name for a pipeline: for its rows, its archive, its manifests, its CSV files, its objects on S3.

Rows and files change within one transaction. A process that is killed in it leaves the old rows, and files
under either name, which the next call goes on with. Then all is published under the new name, and at last
the objects of the old one are deleted, so at any time S3 has everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.archive.parts import MOST_BYTES
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.timestamps import part_key
from pipeline_lib.database import lifecycle, replays
from pipeline_lib.database.pipelines import find_pipeline
from pipeline_lib.errors import NameChangeRefusedError, SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.publishing.s3.own_objects import delete_objects, find_superseded
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.archiving.keeping import prepare_keeper
from pipeline_lib.steps.lifecycle.files import is_across_disks, is_occupied, move, places_of
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.upload import find_destination
from pipeline_lib.steps.upload_missing import Batch, start_upload, upload_days, upload_snapshots

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Renaming:
    """What is to get another name.

    Attributes:
        old: The name so far.
        spec: The pipeline under its new name.
        former: Where its objects are so far, and its new place; None where it publishes nothing.
    """

    old: str
    spec: PipelineSpec
    former: tuple[Destination, Destination] | None


def plan_renaming(old: str, spec: PipelineSpec, services: Services, old_prefix: str | None) -> Renaming:
    """What a change of name takes, before anything changes.

    Args:
        old: The name so far.
        spec: The pipeline under its new name.
        services: How to reach the world.
        old_prefix: The S3 prefix so far; None where it stays the spec's.

    Raises:
        NameChangeRefusedError: S3 can't be reached, or the objects are known to be elsewhere.
        SettingsError: ``S3_BUCKET`` is no name of a bucket.
        S3SettingsError: Settings or credentials can't be used.
        DatabaseError: The database can't be used.
    """
    if spec.s3 is None:
        return Renaming(old, spec, None)
    destination = find_destination(spec, services)
    if isinstance(destination, Skipped):
        raise NameChangeRefusedError(
            old, spec.name, destination.reason, hint="its objects on S3 move along, so S3 must be reachable"
        )
    former = replace(destination, name=old, prefix=old_prefix or destination.prefix)
    known = _known_destinations(old, services)
    if known and former.fingerprint() not in known:
        raise NameChangeRefusedError(
            old,
            spec.name,
            f"its objects are not below {destination.bucket.location(former.prefix)}",
            hint="give the S3 prefix that it had with --old-prefix; bucket and endpoint must stay the same",
        )
    return Renaming(old, spec, (former, destination))


def rename_rows_and_files(renaming: Renaming, services: Services) -> tuple[Path, ...]:
    """Give rows, archive, manifests and CSV files the new name.

    Args:
        renaming: What is to get another name.
        services: How to reach the world.

    Returns:
        What was moved, at its new place; nothing where an earlier call has done all of it.

    Raises:
        NameChangeRefusedError: Something has the new name already, or nothing has the old one.
        OtherDatabaseError: Another database keeps the archive.
        SnapshotMissingError: The archive isn't where it should be.
        SnapshotDamagedError: It isn't the archive of this pipeline.
        DatabaseError: The database can't be used.
        OSError: A file can't be moved.
    """
    old, new = renaming.old, renaming.spec.name
    source, target = (Layout.of(name, services.settings) for name in (old, new))
    moves = [*zip(places_of(source), places_of(target), strict=True)]
    archive = FolderArchive(source.archive if is_occupied(source.archive) else target.archive)
    prepare_keeper(archive, services.database)
    with services.database.writing() as connection:
        is_old, is_new = (find_pipeline(connection, name) is not None for name in (old, new))
        taken = [there for here, there in moves if here != there and is_occupied(here) and is_occupied(there)]
        if is_new and (is_old or any(is_occupied(here) for here, there in moves if here != there)):
            raise _taken(renaming, f"the database has a pipeline {new}")
        if taken:
            raise _taken(renaming, f"{taken[0]} is there already")
        if is_new:
            return ()
        if not is_old:
            raise NameChangeRefusedError(
                old, new, f"the database knows no {old}", hint="coin-pipelines list names what it knows"
            )
        _require_archive(connection, old, archive)
        moved = tuple(there for here, there in moves if _move(renaming, here, there))
        lifecycle.rename(connection, old, new)
    return moved


def publish_under_new_name(renaming: Renaming, services: Services) -> Iterator[Batch]:
    """Publish everything at the new place: all snapshots, then the days of the processed table.

    Args:
        renaming: What has its new name in database and files.
        services: How to reach the world.

    Raises:
        StoreError: S3 refuses or is away, or a snapshot can't be published.
        DatabaseError: The database can't be used.
        OSError: The archive can't be read.
    """
    started = None if renaming.former is None else start_upload(renaming.spec, services)
    if started is None or isinstance(started, Skipped):
        return
    for publish in (upload_snapshots, upload_days):
        for batch in publish(*started):
            if batch.refused:
                raise batch.refused[0]
            yield batch


def delete_former_objects(renaming: Renaming) -> int:
    """Delete the objects that the new place has taken the place of; how many there were.

    Raises:
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request, as without the permission s3:DeleteObject.
    """
    if renaming.former is None:
        return 0
    former, destination = renaming.former
    return sum(1 for _ in delete_objects(former, tuple(find_superseded(former, destination))))


def _known_destinations(old: str, services: Services) -> frozenset[str]:
    if services.database.is_empty:
        return frozenset()
    with services.database.reading() as connection:
        return frozenset(lifecycle.known_destinations(connection, old))


def _taken(renaming: Renaming, reason: str) -> NameChangeRefusedError:
    new = renaming.spec.name
    hint = f"if nobody needs what {new} has: coin-pipelines remove {new}"
    return NameChangeRefusedError(renaming.old, new, reason, hint=hint)


def _require_archive(connection: "Connection", old: str, archive: FolderArchive) -> None:
    """Make sure that an archive is the one whose newest snapshot the database has recorded."""
    head = replays.read_head(connection, old)
    if head is None:
        return
    name = f"{part_key(head.archived.moment, head.archived.part)}.json"
    content = archive.read(name, MOST_BYTES)
    if content is None:
        raise SnapshotMissingError(archive.location(name))
    found = sha256(content).hexdigest()
    if found != head.archived.json_sha256:
        reason = f"its sha256 is {found}, not {head.archived.json_sha256} as archived"
        raise SnapshotDamagedError(archive.location(name), reason)


def _move(renaming: Renaming, source: Path, target: Path) -> bool:
    try:
        return move(source, target)
    except OSError as error:
        if not is_across_disks(error):
            raise
        raise NameChangeRefusedError(
            renaming.old,
            renaming.spec.name,
            f"{source} and {target} are on different disks",
            hint="rename the variable that names the path as well, or move it by hand; then the same command",
        ) from error

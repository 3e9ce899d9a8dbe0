"""What a run took from the market, into the archive, then into the database, then into files.

The order never changes: what is archived is safe, and all that follows can be made from it again. A process
that is killed in between leaves the rest to the next try of its run.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from pipeline_lib.archive import keeper, parts
from pipeline_lib.archive.part import Part
from pipeline_lib.archive.store import Archive, FolderArchive
from pipeline_lib.database import arrivals, manifests
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.errors import UnreplayedArchiveError
from pipeline_lib.model.observation import Archived
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.archiving.keeping import prepare_keeper
from pipeline_lib.steps.archiving.leftovers import clean_up
from pipeline_lib.steps.archiving.manifests import write_closed_manifests
from pipeline_lib.steps.run import Run, Services


def open_archive(spec: PipelineSpec, services: Services) -> Archive:
    """The archive of a pipeline, which the database at hand keeps, or none so far.

    Raises:
        UnreplayedArchiveError: It holds snapshots that no database keeps, as an older version leaves them.
        OtherDatabaseError: Another database keeps it.
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only, or the archive can't be read.
    """
    archive = FolderArchive(Layout.of(spec.name, services.settings).archive)
    if not prepare_keeper(archive, services.database) and parts.archived_parts(archive):
        # Recorded over, they would never be taken over, and their events would be delivered again.
        raise UnreplayedArchiveError(spec.name, Path(archive.location("")))
    return archive


def archive_snapshots(
    spec: PipelineSpec, services: Services, snapshots: Sequence[Archived], members: Collection[str]
) -> tuple[Part, ...]:
    """Archive what the archive doesn't hold yet; the database at hand keeps it from now on.

    Args:
        spec: The pipeline.
        services: The access to the world.
        snapshots: Of one moment, each coin once.
        members: The coins that belong to the pipeline at the moment.

    Returns:
        All parts of the moment, lowest first.

    Raises:
        OtherDatabaseError: Another database keeps the archive.
        SnapshotDamagedError: A file is there, but isn't a part of that moment.
        OSError: The disk is full or read-only.
    """
    archive = FolderArchive(Layout.of(spec.name, services.settings).archive)
    keeper.claim(archive, services.database.prepare())
    return parts.add_snapshots(archive, spec.name, snapshots, members)


def record(spec: PipelineSpec, run: Run, services: Services, archived: Sequence[Part]) -> bool:
    """Enter what the archive holds of a run into the database, unless it is there, and then into the files.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        archived: The parts of the run's moment.

    Returns:
        Whether any of it was new to the database.

    Raises:
        ManifestConflictError: The file of a closed manifest isn't the database's.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    is_silent = run.is_backfill and not spec.alerts.on_backfill
    described = [_describe(FolderArchive(layout.archive), part, is_silent=is_silent) for part in archived]
    with services.database.writing() as connection:
        recorded = [
            arrivals.record(connection, spec.name, each, [kept.observation for kept in part.snapshots])
            for each, part in zip(described, archived, strict=True)
        ]
        is_closing = manifests.has_unwritten(connection, spec.name)
    if is_closing:
        write_closed_manifests(services.database, spec.name, layout.manifests)
        # Once a day, since it costs as much as the archive is long.
        clean_up(spec, services)
    return any(is_new for _, is_new in recorded)


def _describe(archive: Archive, part: Part, *, is_silent: bool) -> ArchivedPart:
    parts.complete_part(archive, part)
    hashes = parts.record_of(archive, part.moment, part.number)
    return ArchivedPart(
        moment=part.moment,
        part=part.number,
        json_sha256=hashes.json_sha256,
        csv_sha256=hashes.csv_sha256,
        requested_at=part.requested_at,
        is_silent=is_silent,
        missing=part.missing,
    )

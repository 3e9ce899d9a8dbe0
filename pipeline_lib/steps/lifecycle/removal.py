"""A pipeline goes: its objects on S3, its files, and at last its rows, so that a killed removal is seen."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline_lib.archive import keeper
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.database import lifecycle
from pipeline_lib.database.pipelines import recorded_pipelines
from pipeline_lib.errors import SharedPlaceError
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.publishing.s3.own_objects import OwnObjects, delete_objects, list_own_objects
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.lifecycle.files import OwnFiles, list_own_files, paths_of
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.upload import find_destination

_NO_SPEC = "no spec says where its objects are"


@dataclass(frozen=True, slots=True)
class Belongings:
    """All that is kept of a pipeline.

    Attributes:
        name: The pipeline.
        files: By the place where they lie.
        rows: How many the database has, by table.
        destination: Where its objects are, or why nobody looked for them.
        objects: On S3; None where nobody looked.
    """

    name: str
    files: tuple[OwnFiles, ...]
    rows: Mapping[str, int]
    destination: Destination | str
    objects: OwnObjects | None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to delete."""
        objects = self.objects and (self.objects.snapshots or self.objects.named)
        return not (any(each.paths for each in self.files) or self.rows or objects)


def find_belongings(
    name: str, spec: PipelineSpec | None, services: Services, others: Collection[str]
) -> Belongings:
    """What there is to delete of a pipeline; changes nothing.

    Args:
        name: The pipeline.
        spec: Its spec; None where there is none any more.
        services: How to reach the world.
        others: Names of other pipelines, whose files stay.

    Raises:
        OtherDatabaseError: Another database keeps the archive.
        SharedPlaceError: Another pipeline has the same place.
        S3SettingsError: Settings or credentials can't be used.
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request.
        DatabaseError: The database can't be used.
        OSError: A folder can't be read.
    """
    database, layout = services.database, Layout.of(name, services.settings)
    keeper.require_keeper(FolderArchive(layout.archive), None if database.is_empty else database.uuid)
    rows: Mapping[str, int] = {}
    recorded: Collection[str] = ()
    if not database.is_empty:
        with database.reading() as connection:
            rows = lifecycle.count_rows(connection, name)
            recorded = [each.name for each in recorded_pipelines(connection)]
    _require_own_places(name, layout, services, {*others, *recorded} - {name})
    files = tuple(list_own_files(layout))
    destination = Skipped(_NO_SPEC) if spec is None else find_destination(spec, services)
    if isinstance(destination, Skipped):
        return Belongings(name, files, rows, destination.reason, None)
    return Belongings(name, files, rows, destination, list_own_objects(destination))


def remove(belongings: Belongings, services: Services) -> None:
    """Delete all that was found; a call that is killed leaves less for the next one.

    Args:
        belongings: What is to go.
        services: How to reach the world.

    Raises:
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request, as without the permission s3:DeleteObject.
        DatabaseError: The database can't be used.
        OSError: A file can't be deleted.
    """
    if belongings.objects and isinstance(belongings.destination, Destination):
        # Those that are made from the others first.
        own = (*belongings.objects.named, *belongings.objects.snapshots)
        for _ in delete_objects(belongings.destination, own):
            pass
    for each in belongings.files:
        for path in each.paths:
            path.unlink(missing_ok=True)
        if each.place.is_dir() and not each.others:
            each.place.rmdir()
    if belongings.rows:
        with services.database.writing() as connection:
            lifecycle.remove(connection, belongings.name)


def _require_own_places(name: str, layout: Layout, services: Services, others: Collection[str]) -> None:
    """Make sure that no other pipeline has a file or a folder at the same place."""
    own = paths_of(layout)
    for other in sorted(others):
        for path in paths_of(Layout.of(other, services.settings)):
            if path in own:
                raise SharedPlaceError(name, other, path)

"""Verification: what the database, the files and S3 hold of a pipeline, checked against its archive."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_lib.archive import keeper
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.errors import (
    CoinPipelinesError,
    S3RefusedError,
    S3SettingsError,
    S3UnavailableError,
    SettingsError,
)
from pipeline_lib.model.difference import Difference
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3.verification import compare_with_s3
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.archiving.manifests import open_manifest
from pipeline_lib.steps.exports import processed_files, raw_files, series_of
from pipeline_lib.steps.replaying.statistics import find_wrong_moment
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.upload import find_destination, open_source
from pipeline_lib.steps.verifying.archive import check_archive, check_unrecorded
from pipeline_lib.steps.verifying.files import check_file
from pipeline_lib.steps.verifying.manifests import check_manifests
from pipeline_lib.steps.verifying.order import REPLAY, check_order
from pipeline_lib.steps.verifying.recorded import read_recorded


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification of one pipeline says.

    Attributes:
        snapshots: How many the database has recorded.
        differences: Everything that isn't as the archive says.
        s3_skipped: Why its objects weren't compared, or an empty string.
    """

    snapshots: int
    differences: tuple[Difference, ...]
    s3_skipped: str = ""

    @property
    def is_of_nothing(self) -> bool:
        """Whether neither archive nor database holds anything, so that nothing is proved."""
        return not self.snapshots and not self.differences


def verify(spec: PipelineSpec, services: Services) -> Verification:
    """Check archive, manifests, database, CSV files and S3 against each other; nothing is changed.

    S3 that refuses or is away is a difference: what can't be compared is not proved. What a run does
    meanwhile may show up as a difference that is gone the next time.

    Raises:
        OtherDatabaseError: Another database keeps the archive.
        DatabaseError: The database can't be used.
        OSError: A file can't be read.
    """
    layout = Layout.of(spec.name, services.settings)
    archive = FolderArchive(layout.archive)
    # Listed first: what a run archives later is no difference.
    names = set(archive.names())
    keeper.require_keeper(archive, None if services.database.is_empty else services.database.uuid)
    recorded = read_recorded(services, spec.name)
    differences = [
        *check_order(recorded),
        *check_archive(archive, recorded),
        *check_unrecorded(archive, names, recorded),
    ]
    if recorded.arrivals:
        differences += _check_derived(spec, services, layout)
    services.database.close()
    try:
        destination = find_destination(spec, services)
        if isinstance(destination, Skipped):
            return Verification(len(recorded.arrivals), tuple(differences), destination.reason)
        if not services.database.is_empty:
            differences += compare_with_s3(open_source(spec, services), destination)
    except (S3UnavailableError, S3RefusedError, S3SettingsError, SettingsError) as error:
        differences.append(_incomparable(spec, services, error))
    return Verification(len(recorded.arrivals), tuple(differences))


def read_open_manifest(spec: PipelineSpec, services: Services) -> bytes:
    """The bytes of the manifest that arrivals join now, as its file will begin; empty before the first.

    Raises:
        DatabaseError: The database can't be used.
    """
    if services.database.is_empty:
        return b""
    with services.database.reading() as connection:
        found = open_manifest(connection, spec.name)
    return b"" if found is None else found.content


def _check_derived(spec: PipelineSpec, services: Services, layout: Layout) -> Iterator[Difference]:
    database, local_files = services.database, services.settings.local_files
    with database.reading() as connection:
        series = series_of(connection, spec)
        files = raw_files(connection, spec, layout) | processed_files(connection, spec, layout, series)
        yield from check_manifests(connection, spec.name, layout.manifests)
        for each in series:
            wrong = find_wrong_moment(connection, each.id, spec.windows)
            if wrong is not None:
                place = f"{database.name}: statistics of {each.coin} in {each.vs_currency} at {wrong}"
                fix = f"the next run's compute step, or {REPLAY}"
                yield Difference(place, "they aren't what the observations give", fix)
        for path, table in files.items() if local_files else ():
            yield from check_file(connection, path, table)


def _incomparable(spec: PipelineSpec, services: Services, error: CoinPipelinesError) -> Difference:
    bucket = (spec.s3 and spec.s3.bucket) or services.settings.s3_bucket
    place = f"s3://{bucket}/{spec.s3.prefix}" if spec.s3 else "S3"
    return Difference(place, f"can't be compared: {error.message}", error.hint or "try again later")

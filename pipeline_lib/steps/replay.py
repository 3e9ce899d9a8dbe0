"""Replay: what the database and the files hold of a pipeline, rebuilt from its archive."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_lib.alerts.unrecorded import settle_unknown
from pipeline_lib.archive import keeper
from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.parts import PartKey, archived_parts
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.bulk_work import collecting_no_garbage
from pipeline_lib.database import arrivals, replays
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.replays import ReplayedPart, Written
from pipeline_lib.database.statistics import series_prices
from pipeline_lib.database.statistics.series_prices import SeriesPrices
from pipeline_lib.publishing.csv.table import Rows
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.archiving.keeping import prepare_keeper
from pipeline_lib.steps.archiving.manifests import manifests_of, record_of, write_manifests
from pipeline_lib.steps.exports import ExportedFile, append_files, series_of
from pipeline_lib.steps.replaying.manifest_files import read_records
from pipeline_lib.steps.replaying.order import ArrivalOrder, order_of_arrival
from pipeline_lib.steps.replaying.raw_log_order import read_row_keys
from pipeline_lib.steps.replaying.series import prices_of
from pipeline_lib.steps.replaying.snapshots import ArchiveReader, Progress, SnapshotError, key_of
from pipeline_lib.steps.replaying.statistics import fill_statistics, rebuild_statistics
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.takeover.pipeline_files import TakenOverFiles, take_over_files

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did.

    Attributes:
        order: All snapshots, and how their order is known.
        written: What became of the database's arrivals and observations.
        taken_over: What was read from files beside the archive, where the database knew nothing.
        statistics_changed: Whether statistics weren't what the observations give.
        files: The files that are made from the database; none where none are kept.
        damaged: Snapshots that can't be read; what the database had recorded of them stays.
    """

    order: ArrivalOrder
    written: Written
    taken_over: TakenOverFiles
    statistics_changed: bool
    files: tuple[ExportedFile, ...]
    damaged: tuple[SnapshotError, ...]

    @property
    def is_of_nothing(self) -> bool:
        """Whether neither the archive nor a manifest nor the database names a snapshot."""
        return not self.order.keys and not self.damaged


def adopt_archive(spec: PipelineSpec, services: Services) -> None:
    """Make the database at hand keep a pipeline's archive, whichever kept it.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    archive = FolderArchive(Layout.of(spec.name, services.settings).archive)
    keeper.adopt(archive, services.database.prepare())


def replay(spec: PipelineSpec, services: Services, progress: Progress) -> Replayed:
    """Make a pipeline's rows those of its archive, in the order in which the snapshots came, then its files.

    Arrivals, observations and what is taken over change in one transaction: a replay that is killed leaves
    the old ones or the new ones, and the next one does the rest. One of what is there already changes
    nothing. Runs may go on meanwhile.

    Args:
        spec: The pipeline.
        services: How to reach the world.
        progress: Called for every snapshot.

    Raises:
        OtherDatabaseError: Another database keeps the archive.
        ManifestDamagedError: The manifests don't fit together.
        AlertStateDamagedError: A delivery record that is taken over can't be read.
        DatabaseError: The database can't be used.
        OSError: A file can't be read, or the disk is full or read-only.
    """
    with collecting_no_garbage():
        return _replay(spec, services, progress)


def _replay(spec: PipelineSpec, services: Services, progress: Progress) -> Replayed:
    layout = Layout.of(spec.name, services.settings)
    archive = FolderArchive(layout.archive)
    prepare_keeper(archive, services.database)
    manifests = {key_of(each): each for each in read_records(layout.manifests)}
    reader = ArchiveReader(archive, progress)
    with services.database.reading() as connection:
        known = list(arrivals.read(connection, spec.name))
    while True:
        recorded = {key_of(each): each for each in (record_of(each.archived) for each in known)}
        listed = recorded | manifests
        reader.read_recorded(listed)
        others = reader.read_others(archived_parts(archive, listed))
        order = order_of_arrival(
            manifests,
            recorded,
            read_row_keys(layout.raw_log),
            others,
        )
        if order.keys:
            keeper.claim(archive, services.database.prepare())
        with services.database.writing() as connection:
            newer = list(arrivals.read(connection, spec.name, after=len(known)))
            if not newer:
                parts = list(_parts(connection, spec.name, order, listed, reader))
                written = replays.write(connection, spec.name, parts)
                prices = _prices_of(connection, spec, written)
                taken_over = _settle_events(connection, spec, services, written, prices)
                break
        # A run recorded one in the meantime.
        known += newer
    if closed := list(manifests_of(written.arrivals))[:-1]:
        write_manifests(services.database, spec.name, layout.manifests, closed)
    processed = _fill_statistics(spec, services, written, prices)
    statistics_changed = processed is not None or _rebuild_statistics(spec, services)
    files = tuple(append_files(spec, services, processed)) if services.settings.local_files else ()
    return Replayed(order, written, taken_over, statistics_changed, files, tuple(reader.errors.values()))


def _prices_of(connection: "Connection", spec: PipelineSpec, written: Written) -> Sequence[SeriesPrices]:
    """All prices of the series that were just recorded whole; none where some of it was there before."""
    return prices_of(series_of(connection, spec), written.observations) if written.observations else ()


def _settle_events(
    connection: "Connection",
    spec: PipelineSpec,
    services: Services,
    written: Written,
    prices: Sequence[SeriesPrices],
) -> TakenOverFiles:
    """What may have been delivered before is never sent."""
    if not written.added:
        return TakenOverFiles()
    if written.is_first and spec.has_one_coin and prices:
        # What is taken over was written when a pipeline had one coin.
        return take_over_files(connection, spec, prices[0], services.settings.data_dir, services.now())
    now, series = services.now(), [] if prices else series_of(connection, spec)
    # One after the other, since all of them at once may not fit into memory.
    read = (series_prices.read(connection, each) for each in series)
    return TakenOverFiles(unknown=sum(settle_unknown(connection, spec, each, now) for each in prices or read))


def _fill_statistics(
    spec: PipelineSpec, services: Services, written: Written, prices: Sequence[SeriesPrices]
) -> Rows | None:
    """Enter the statistics of one coin that was recorded whole; the rows of the processed table."""
    if not spec.has_one_coin or not prices or not prices[0].prices:
        return None
    (series,) = prices
    with services.database.writing() as connection:
        lines = fill_statistics(connection, series, spec.windows)
    chain = written.arrivals[series.arrival - 1].chain_sha256
    return Rows(lines, series.arrival, chain) if lines else None


def _rebuild_statistics(spec: PipelineSpec, services: Services) -> bool:
    with services.database.writing() as connection:
        series = series_of(connection, spec)
        return rebuild_statistics(connection, [each.id for each in series], spec.windows)


def _parts(
    connection: "Connection",
    pipeline: str,
    order: ArrivalOrder,
    listed: Mapping[PartKey, Record],
    reader: ArchiveReader,
) -> Iterator[ReplayedPart]:
    """All snapshots in their order; of those that can't be read, what is recorded of them."""
    recorded = replays.read_parts(connection, pipeline) if reader.errors else []
    known = {(each.archived.moment, each.archived.part): each for each in recorded}
    for key in order.keys:
        part = reader.parts.get(key)
        yield part or _unreadable(listed[key], known.get((key.moment, key.number)))


def _unreadable(record: Record, known: ReplayedPart | None) -> ReplayedPart:
    hashes = record.json_sha256, record.csv_sha256
    if known and (known.archived.json_sha256, known.archived.csv_sha256) == hashes:
        return known
    # Its place in the order is known, and that it is damaged stays to be seen.
    return ReplayedPart(ArchivedPart(record.moment, record.part, *hashes, requested_at=record.moment), ())

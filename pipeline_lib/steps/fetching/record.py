"""An archived observation into the database, then into manifest and raw log, in one order for both.

The manifest goes first. Its order of arrival is the log's, so the log can be made again from the archive to
the byte; and when a process is killed between the two, the next one, of whatever run, completes the log
before it adds its own row.
"""

import hashlib
from datetime import datetime

from pipeline_lib.archive import manifest_chain as manifests
from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.snapshots import read_snapshot
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import arrivals
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.model.observation import Observation, Snapshot
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.open_log import OpenLog


def record_in_database(spec: PipelineSpec, run: Run, services: Services, snapshot: Snapshot) -> bool:
    """Enter an archived snapshot as the newest arrival, in one transaction, unless it is there.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        snapshot: What the archive holds of the run's moment.

    Returns:
        Whether it wasn't there.

    Raises:
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only.
    """
    hashes = hash_snapshot(Layout.of(spec.name, services.settings), snapshot.observation.moment)
    archived = ArchivedPart(
        moment=hashes.moment,
        part=1,
        json_sha256=hashes.json_sha256,
        csv_sha256=hashes.csv_sha256,
        requested_at=snapshot.provenance.requested_at,
        is_silent=run.is_backfill and not spec.alerts.on_backfill,
    )
    with services.database.writing() as connection:
        _, is_new = arrivals.record(connection, spec.name, archived, [snapshot.observation])
    return is_new


def list_in_manifests(spec: PipelineSpec, services: Services) -> None:
    """Enter into the manifests what the database holds and they lack, in the order of arrival.

    Args:
        spec: The pipeline.
        services: The access to the world.

    Raises:
        ManifestDamagedError: The newest manifest is unreadable.
        StoreBusyError: Another process holds the manifests for too long.
        OSError: The disk is full or read-only.
    """
    folder = Layout.of(spec.name, services.settings).manifests
    with exclusive(folder / "newest"), services.database.reading() as connection:
        last, _ = manifests.last_moments(folder)
        listed = arrivals.find(connection, spec.name, last) if last else []
        for arrival in arrivals.read(connection, spec.name, listed[-1].number if listed else 0):
            archived = arrival.archived
            manifests.add(folder, Record(archived.moment, archived.json_sha256, archived.csv_sha256))


def record(layout: Layout, observation: Observation) -> bool:
    """Enter an observation, both of whose snapshot files are there, unless that was done before.

    Costs the same however long the history is, but for a moment of an earlier day.

    Returns:
        Whether a row was added to the log.

    Raises:
        TableDamagedError: The log has another header, or doesn't end as the archive does.
        ManifestDamagedError: The newest manifest is unreadable.
        SnapshotMissingError: A killed process left a row to be added, and its snapshot is gone since.
        StoreBusyError: Another process holds the log for too long.
        OSError: The disk is full or read-only.
    """
    with raw_log.opened(layout.raw_log) as log:
        completed = _complete(layout, log)
        if log.holds(observation.moment):
            return completed == observation.moment
        manifests.add(layout.manifests, hash_snapshot(layout, observation.moment))
        log.append(observation)
        return True


def hash_snapshot(layout: Layout, moment: datetime) -> Record:
    """The manifest's record of an archived moment."""
    paths = (layout.snapshot_json(moment), layout.snapshot_csv(moment))
    return Record(moment, *(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths))


def _complete(layout: Layout, log: OpenLog) -> datetime | None:
    """Add the one row that a killed process may have left out; its moment, or None when there was none."""
    last, before = manifests.last_moments(layout.manifests)
    found = log.last_moment()
    if found == last:
        return None
    if last is None:
        raise log.damaged("no manifest lists the snapshots of its rows")
    if found != before:
        ends = "it holds no row" if found is None else f"its last row is of {format_moment(found)}"
        raise log.damaged(f"{ends}, but the snapshot that came last is of {format_moment(last)}")
    log.append(read_snapshot(layout, last).observation)
    return last

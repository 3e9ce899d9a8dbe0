import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from pipeline_lib.archive import keeper
from pipeline_lib.archive.part import Part
from pipeline_lib.archive.parts import read_parts
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.database import arrivals, observations
from pipeline_lib.errors import OtherDatabaseError, SnapshotDamagedError, UnreplayedArchiveError
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.record import archive_snapshots, open_archive, record
from pipeline_lib.steps.replay import replay
from pipeline_lib.steps.run import Run
from tests.steps.world import CRASH, World

Archive = Callable[..., tuple[Part, ...]]


@pytest.fixture
def layout(world: World) -> Layout:
    return Layout.of("btc", world.services.settings)


@pytest.fixture
def archive(world: World, snapshot: Snapshot) -> Archive:
    """Archives coins of an hour, and no more."""

    def archive(hour: int, *coins: str) -> tuple[Part, ...]:
        moment = snapshot.observation.moment + timedelta(hours=7 * hour)
        members = coins or ("bitcoin",)
        return archive_snapshots(
            world.spec,
            world.services,
            [
                replace(snapshot, observation=replace(snapshot.observation, moment=moment, coin=coin))
                for coin in members
            ],
            members,
        )

    return archive


def _record(world: World, parts: tuple[Part, ...], *, is_backfill: bool = False) -> bool:
    return record(world.spec, Run(parts[0].moment, is_backfill=is_backfill), world.services, parts)


def _recorded(world: World) -> list[datetime]:
    """The moments of the database's arrivals."""
    with world.services.database.reading() as connection:
        return [each.archived.moment for each in arrivals.read(connection, "btc")]


def test_the_database_holds_the_order_of_arrival(world: World, archive: Archive) -> None:
    hours = [archive(hour) for hour in range(5)]
    shuffled = Random(3).sample(hours, len(hours))  # noqa: S311 (an order, not a secret)
    assert [_record(world, parts) for parts in shuffled] == [True] * 5
    assert _recorded(world) == [parts[0].moment for parts in shuffled]


def test_a_moment_is_recorded_once(world: World, archive: Archive) -> None:
    hours = [archive(hour) for hour in range(5)]
    for parts in hours:
        _record(world, parts)
    assert [_record(world, parts) for parts in hours] == [False] * 5
    assert len(_recorded(world)) == 5


def test_what_is_recorded_is_what_the_archive_holds(world: World, archive: Archive, layout: Layout) -> None:
    _record(world, archive(0), is_backfill=True)
    with world.services.database.reading() as connection:
        (found,) = arrivals.read(connection, "btc")
    checked = FolderArchive(layout.archive)
    (part,) = read_parts(checked, found.archived.moment)
    assert (found.archived.part, found.archived.is_silent) == (1, True)
    assert found.archived.requested_at == part.snapshots[0].provenance.requested_at


def test_every_part_of_a_moment_is_recorded_whoever_archived_it(world: World, archive: Archive) -> None:
    # The process that archived the first part was killed before it recorded it.
    archive(0, "bitcoin", "ethereum")
    assert _record(world, archive(0, "ethereum", "xrp"))
    with world.services.database.reading() as connection:
        assert [each.archived.part for each in arrivals.read(connection, "btc")] == [1, 2]
        found = [
            (each.arrival, each.observation.coin) for each in observations.read_by_arrival(connection, "btc")
        ]
    assert found == [(1, "bitcoin"), (1, "ethereum"), (2, "xrp")]


def test_a_csv_that_a_killed_process_left_out_is_written_before_it_is_recorded(
    world: World, archive: Archive, layout: Layout
) -> None:
    parts = archive(0)
    path = layout.snapshot_csv(parts[0].moment)
    content = path.read_bytes()
    path.unlink()
    assert _record(world, parts)
    assert path.read_bytes() == content


def test_the_first_arrival_of_a_later_day_closes_the_manifest(
    world: World, archive: Archive, layout: Layout
) -> None:
    # 14:00 and 21:00 of the 5th.
    for hour in (0, 1):
        _record(world, archive(hour))
    assert not layout.manifests.exists()
    _record(world, archive(2))
    (path,) = layout.manifests.iterdir()
    assert path.name == "2018-02-05.sha256"
    assert path.read_bytes().startswith(b"# first\n")


def test_an_archive_of_another_database_is_left_alone(world: World, layout: Layout) -> None:
    keeper.claim(FolderArchive(layout.archive), "another")
    before = world.files()
    with pytest.raises(OtherDatabaseError):
        world.fetch(world.simulator.clock.now())
    assert world.files() == before
    keeper.adopt(FolderArchive(layout.archive), world.services.database.uuid)
    open_archive(world.spec, world.services)


def test_a_database_without_tables_is_made_and_keeps_the_archive(
    world: World, archive: Archive, layout: Layout
) -> None:
    database = world.services.settings.data_dir.parent / "coin_pipelines.db"
    database.unlink()
    assert list(open_archive(world.spec, world.services).names()) == []
    archive(0)
    assert keeper.find_keeper(FolderArchive(layout.archive)) == world.services.database.uuid


def test_a_damaged_part_is_reported_and_nothing_recorded(
    world: World, archive: Archive, layout: Layout
) -> None:
    (part,) = archive(0)
    path = layout.snapshot_json(part.moment)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"6955.270", b"6955.271"))
    with pytest.raises(SnapshotDamagedError, match="its SHA-256 doesn't fit"):
        world.fetch(part.moment)
    assert _recorded(world) == []


@pytest.mark.parametrize("room", range(0, 1500, 300))
def test_a_disk_that_fills_at_any_write_loses_nothing(world: World, archive: Archive, room: int) -> None:
    hours = [archive(hour) for hour in range(5)]
    really_write, left = os.write, room

    def write(descriptor: int, content: bytes) -> int:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = really_write(descriptor, content[:left])
        left -= written
        return written

    done = 0
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "write", write)
        try:
            for parts in hours:
                _record(world, parts)
                done += 1
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 (not every example fails)
    for parts in hours:
        _record(world, parts)
    assert _recorded(world) == [parts[0].moment for parts in hours]
    assert done <= 5


def test_an_archive_that_no_database_keeps_is_not_recorded_over(
    world: World, archive: Archive, layout: Layout
) -> None:
    # As a version without a database leaves it.
    archive(0)
    (layout.archive / "keeper").unlink()
    before = world.files()
    with pytest.raises(UnreplayedArchiveError, match="coin-pipelines replay btc"):
        world.fetch(CRASH)
    assert world.files() == before
    replay(world.spec, world.services, lambda _done, _all: None)
    open_archive(world.spec, world.services)

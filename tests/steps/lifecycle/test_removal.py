"""A pipeline goes, with all that is kept of it, and nothing of anybody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pipeline_lib.database.tables import metadata
from pipeline_lib.errors import OtherDatabaseError, SharedPlaceError
from pipeline_lib.steps.lifecycle.removal import Belongings, find_belongings, remove
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)
OF_DATABASE = {"database_info", "known_documents", "shared_answers", "history_answers"}


def found(world: World) -> Belongings:
    return find_belongings(world.spec.name, world.spec, world.services, ())


def rows(world: World) -> dict[str, int]:
    """How many rows there are, by table, of pipelines."""
    with world.services.database.reading() as connection:
        counts = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in OF_DATABASE
        }
    return {name: count for name, count in counts.items() if count}


def test_everything_of_a_pipeline_goes_and_nothing_of_another(world: World) -> None:
    other = world.with_spec(lambda spec: replace(spec, name="eth", s3=None))
    other.fetch(CRASH)
    kept, kept_rows = other.files(), rows(other)
    world.run_all(CRASH - HOUR)
    world.run_all(CRASH)
    stranger = world.data / "archive" / "btc" / "today.sha256"
    stranger.write_text("of a person")
    world.bucket.put_immutable("crypto/btc/raw/notes.txt", b"of a person", "text/plain")
    belongings = found(world)
    assert rows(world)["messages"] == 1
    assert not belongings.is_nothing
    assert sum(len(each.paths) for each in belongings.files) == len(
        [path for path in world.data.rglob("*btc*/*") if path != stranger]
    ) + len([*world.data.glob("*btc_*")])
    before = rows(world)
    assert belongings.rows == {
        name: count - kept_rows.get(name, 0)
        for name, count in before.items()
        if count != kept_rows.get(name, 0) and name != "messages"
    }
    remove(belongings, world.services)
    assert world.files() == {**kept, "archive/btc/today.sha256": b"of a person"}
    assert world.objects() == {"crypto/btc/raw/notes.txt": b"of a person"}
    assert rows(world) == kept_rows
    left = found(world)
    assert left.is_nothing
    assert left.objects is not None
    assert [each.key for each in left.objects.others] == ["crypto/btc/raw/notes.txt"]
    assert [path for each in left.files for path in each.others] == [stranger]
    assert not [path for path in world.data.rglob("*btc*") if path not in (stranger, stranger.parent)]


def test_without_a_spec_nobody_looks_for_objects(world: World) -> None:
    world.run_all(CRASH)
    objects = world.objects()
    belongings = find_belongings("btc", None, world.services, ())
    assert belongings.destination == "no spec says where its objects are"
    remove(belongings, world.services)
    assert world.objects() == objects
    assert (world.files(), rows(world)) == ({}, {})


def test_places_that_another_pipeline_has_as_well_are_left(world: World) -> None:
    settings = replace(world.services.settings, paths={"A_B_ARCHIVE_PATH": world.data / "x"})
    services = replace(world.services, settings=settings)
    with pytest.raises(SharedPlaceError, match="x is of a-b and of a_b"):
        find_belongings("a-b", None, services, {"a-b", "a_b"})


def test_an_archive_that_another_database_keeps_is_left(world: World) -> None:
    world.fetch(CRASH)
    (keeper := world.data / "archive" / "btc" / "keeper").chmod(0o644)
    keeper.write_text("another\n")
    with pytest.raises(OtherDatabaseError):
        found(world)


def test_a_folder_of_months_goes_with_its_table(world: World) -> None:
    months = world.data / "btc_raw"
    months.mkdir(parents=True)
    for name in ("2018-02.csv", ".2018-02.csv.progress", ".2018-02.csv.lock", "mine.csv"):
        (months / name).write_text("x")
    (listed,) = found(world).files
    assert (listed.place, len(listed.paths), listed.others) == (months, 3, (months / "mine.csv",))
    remove(found(world), world.services)
    assert [*months.iterdir()] == [months / "mine.csv"]

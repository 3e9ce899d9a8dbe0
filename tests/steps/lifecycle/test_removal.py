"""A pipeline goes, with all that is kept of it, and nothing of anybody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from pipeline_lib.database.tables import events, messages, metadata, quarantine
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


def test_a_message_that_also_tells_of_another_pipeline_stays(world: World) -> None:
    world.run_all(CRASH)
    other = world.with_spec(lambda spec: replace(spec, name="eth", s3=None))
    other.fetch(CRASH)
    with world.services.database.writing() as connection:
        (event,) = connection.execute(select(events).limit(1)).mappings()
        series = connection.scalars(select(metadata.tables["series"].c.id)).all()
        stored = {name: value for name, value in event.items() if not name.endswith("_number")}
        (theirs,) = set(series) - {event["series_id"]}
        connection.execute(insert(events).values(**{**stored, "id": 1000, "series_id": theirs}))
    remove(found(world), world.services)
    assert (rows(world)["messages"], rows(world)["events"]) == (1, 1)
    remove(replace(found(other), destination="", objects=None), world.services)
    assert rows(world) == {}
    assert messages.name not in rows(world)


def test_without_a_spec_nobody_looks_for_objects(world: World) -> None:
    world.run_all(CRASH)
    objects = world.objects()
    belongings = find_belongings("btc", None, world.services, ())
    assert belongings.destination == "no spec says where its objects are"
    remove(belongings, world.services)
    assert world.objects() == objects
    assert (world.files(), rows(world)) == ({}, {})


def test_what_was_noted_of_a_pipeline_that_never_ran_goes(world: World) -> None:
    values = {"coin": "x", "kind": "y", "answer_sha256": "z", "reason": "", "status": 200, "moment": CRASH}
    with world.services.database.writing() as connection:
        connection.execute(insert(quarantine).values(pipeline="btc", **values))
    belongings = found(world)
    assert belongings.rows == {"quarantine": 1}
    remove(belongings, world.services)
    assert found(world).is_nothing


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

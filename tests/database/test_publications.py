from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pipeline_lib.database import arrivals, publications
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_pipeline
from pipeline_lib.database.publications import Folder, Progress, PublishedObject, Target
from pipeline_lib.model.observation import Observation

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]

NOW = datetime(2018, 2, 5, 15, tzinfo=UTC)
DAY = PublishedObject("processed/date=2018-02-05/bitcoin_processed.csv", "a" * 64, "etag", 2)
LOG = PublishedObject("raw/bitcoin_raw.csv", "b" * 64, "other", 3)


@pytest.fixture
def target(database: Database, observe: Observe, archived: Archive) -> Target:
    """A destination of a pipeline with three arrivals, of which nothing is known."""
    with database.writing() as connection:
        for hours in range(3):
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])
        pipeline_id = find_pipeline(connection, "bitcoin")
    assert pipeline_id is not None
    return Target(pipeline_id, "0123456789abcdef")


def _progress(database: Database, target: Target, folder: Folder = Folder.RAW) -> Progress | None:
    with database.reading() as connection:
        return publications.read_progress(connection, target, folder)


def _unpublished(database: Database, target: Target) -> list[tuple[int, str | None]]:
    with database.reading() as connection:
        found = publications.read_unpublished(connection, target)
    return [(arrival.number, reason) for arrival, reason in found]


def test_nothing_is_known_before_a_start(database: Database, target: Target) -> None:
    with database.writing() as connection:
        publications.advance(connection, target, Folder.RAW, Progress(3, "chain"), NOW)
    assert _progress(database, target) is None


def test_progress_is_of_one_folder_of_one_destination(database: Database, target: Target) -> None:
    with database.writing() as connection:
        publications.start(connection, target, Folder.RAW, Progress(2, "chain"), NOW)
    assert _progress(database, target) == Progress(2, "chain")
    assert _progress(database, target, Folder.PROCESSED) is None
    assert _progress(database, Target(target.pipeline_id, "elsewhere")) is None


def test_progress_never_goes_back_but_by_a_start(database: Database, target: Target) -> None:
    with database.writing() as connection:
        publications.start(connection, target, Folder.RAW, Progress(1, "one"), NOW)
        publications.advance(connection, target, Folder.RAW, Progress(3, "three"), NOW)
        publications.advance(connection, target, Folder.RAW, Progress(2, "two"), NOW)
    assert _progress(database, target) == Progress(3, "three")
    with database.writing() as connection:
        publications.start(connection, target, Folder.RAW, Progress(2, "two"), NOW)
    assert _progress(database, target) == Progress(2, "two")


def test_objects_are_known_by_name_as_they_were_confirmed_last(database: Database, target: Target) -> None:
    newer = PublishedObject(DAY.name, "c" * 64, "newer", 4)
    with database.writing() as connection:
        publications.write_objects(connection, target, [DAY, LOG], NOW)
        publications.write_objects(connection, target, [newer], NOW)
        publications.write_objects(connection, target, [], NOW)
    with database.reading() as connection:
        names = [f"other/{number}" for number in range(1500)]
        assert publications.read_objects(connection, target, [*names, DAY.name]) == {DAY.name: newer}
        assert publications.read_objects(connection, target, []) == {}


def test_a_start_drops_the_objects_of_its_folder_alone(database: Database, target: Target) -> None:
    with database.writing() as connection:
        publications.write_objects(connection, target, [DAY, LOG], NOW)
        publications.write_unpublished(connection, target, {1: None})
        publications.start(connection, target, Folder.PROCESSED, Progress(0, "chain"), NOW)
    with database.reading() as connection:
        assert publications.read_objects(connection, target, [DAY.name, LOG.name]) == {LOG.name: LOG}
    assert _unpublished(database, target) == [(1, None)]


def test_snapshots_that_wait_come_before_those_that_were_refused(database: Database, target: Target) -> None:
    with database.writing() as connection:
        publications.write_unpublished(connection, target, {3: None, 1: "gone", 2: None})
    assert _unpublished(database, target) == [(2, None), (3, None), (1, "gone")]
    with database.writing() as connection:
        publications.write_unpublished(connection, target, {2: "another is there"})
        publications.remove_unpublished(connection, target, [3])
    assert _unpublished(database, target) == [(1, "gone"), (2, "another is there")]


def test_what_is_forgotten_is_forgotten_of_one_destination_alone(database: Database, target: Target) -> None:
    other = Target(target.pipeline_id, "elsewhere")
    with database.writing() as connection:
        for each in (target, other):
            for folder in Folder:
                publications.start(connection, each, folder, Progress(3, "chain"), NOW)
            publications.write_objects(connection, each, [DAY, LOG], NOW)
            publications.write_unpublished(connection, each, {1: None})
        publications.forget(connection, target)
    assert [_progress(database, target, folder) for folder in Folder] == [None, None]
    assert [_progress(database, other, folder) for folder in Folder] == [Progress(3, "chain")] * 2
    assert (_unpublished(database, target), _unpublished(database, other)) == ([], [(1, None)])
    with database.reading() as connection:
        assert publications.read_objects(connection, target, [DAY.name, LOG.name]) == {}
        assert len(publications.read_objects(connection, other, [DAY.name, LOG.name])) == 2

from collections.abc import Callable
from datetime import UTC, datetime

from pipeline_lib.database import arrivals, manifests
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.manifests import ClosedManifest
from pipeline_lib.database.pipelines import ensure_pipeline
from pipeline_lib.model.observation import Observation

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]

FIRST = ClosedManifest(datetime(2018, 2, 5, tzinfo=UTC), "aa", 2)
SECOND = ClosedManifest(datetime(2018, 2, 6, tzinfo=UTC), "bb", 4)


def _record(database: Database, observe: Observe, archived: Archive, *hours: int) -> list[bool]:
    """Record hours; after each, whether a closed manifest is unwritten."""
    found = []
    for hour in hours:
        with database.writing() as connection:
            arrivals.record(connection, "bitcoin", archived(hour), [observe(hour)])
            found.append(manifests.has_unwritten(connection, "bitcoin"))
    return found


def _insert(database: Database, closed: ClosedManifest) -> None:
    with database.writing() as connection:
        manifests.insert(connection, ensure_pipeline(connection, "bitcoin"), [closed])


def test_the_first_arrival_of_a_later_day_leaves_a_manifest_to_be_written(
    database: Database, observe: Observe, archived: Archive
) -> None:
    # 14:00 and 23:00 of the 5th, then the 6th, a late hour, and the 7th.
    assert _record(database, observe, archived, 0, 9) == [False, False]
    assert _record(database, observe, archived, 10, 1) == [True, True]
    _insert(database, FIRST)
    assert _record(database, observe, archived, 2, 34) == [False, True]


def test_what_is_written_is_known_by_pipeline_oldest_first(
    database: Database, observe: Observe, archived: Archive
) -> None:
    _record(database, observe, archived, 0)
    for closed in (FIRST, SECOND, FIRST):
        _insert(database, closed)
    with database.reading() as connection:
        assert manifests.read(connection, "bitcoin") == [FIRST, SECOND]
        assert manifests.find_newest(connection, "bitcoin") == SECOND
        assert manifests.read(connection, "ethereum") == []
        assert manifests.find_newest(connection, "ethereum") is None
        assert not manifests.has_unwritten(connection, "ethereum")

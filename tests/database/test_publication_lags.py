from datetime import UTC, datetime, timedelta

import pytest

from pipeline_lib.database import publications
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_pipeline, find_series_id
from pipeline_lib.database.publication_lags import PublicationLag, read_lags
from pipeline_lib.database.publications import Folder, Progress, Target
from pipeline_lib.database.statistics import states
from pipeline_lib.database.statistics.states import StatisticsState
from tests.fixtures.arrivals import PIPELINE, START, arrive, observation

HOUR = timedelta(hours=1)
NOW = datetime(2018, 2, 7, tzinfo=UTC)


@pytest.fixture
def target(database: Database) -> Target:
    """A destination of a pipeline with hours from 14:00 to 01:00 of the next day, statistics up to 00:00."""
    arrive(database, *(observation(hours) for hours in range(12)))
    with database.writing() as connection:
        series = find_series_id(connection, PIPELINE, "bitcoin", "usd") or 0
        states.lock(connection, [series])
        states.write(connection, {series: StatisticsState("method=1 24h", 11)})
        return Target(find_pipeline(connection, PIPELINE) or 0, "here")


def _publish(database: Database, target: Target, folder: Folder, arrival: int) -> None:
    with database.writing() as connection:
        publications.start(connection, target, folder, Progress(arrival, "basis"), NOW)


def _lags(database: Database) -> list[PublicationLag]:
    with database.reading() as connection:
        return read_lags(connection)


def _lag(arrivals: int, oldest: int | None, *, closed: bool = False, refused: int = 0) -> PublicationLag:
    moment = None if oldest is None else START + oldest * HOUR
    return PublicationLag(PIPELINE, "here", NOW, arrivals, refused, moment, closed)


@pytest.mark.usefixtures("target")
def test_nothing_is_known_before_the_first_publication(database: Database) -> None:
    assert _lags(database) == []


@pytest.mark.parametrize(
    ("folder", "arrival", "expected"),
    [
        (Folder.RAW, 12, _lag(0, None)),
        (Folder.RAW, 10, _lag(2, 10)),
        (Folder.RAW, 9, _lag(3, 9, closed=True)),
        (Folder.PROCESSED, 11, _lag(0, None)),
        (Folder.PROCESSED, 12, _lag(0, None)),
        (Folder.PROCESSED, 0, _lag(11, 0, closed=True)),
    ],
)
def test_a_folder_lacks_what_came_after_its_publication(
    database: Database, target: Target, folder: Folder, arrival: int, expected: PublicationLag
) -> None:
    _publish(database, target, folder, arrival)
    assert _lags(database) == [expected]


def test_snapshots_that_wait_or_were_refused_are_lacking_in_the_raw_folder(
    database: Database, target: Target
) -> None:
    for folder in Folder:
        _publish(database, target, folder, 11)
    with database.writing() as connection:
        publications.write_unpublished(connection, target, {3: None, 2: "gone"})
        publications.write_unpublished(connection, Target(target.pipeline_id, "elsewhere"), {1: None})
    found = sorted(_lags(database), key=lambda lag: lag.arrivals)
    assert found == [_lag(0, None), _lag(3, 1, closed=True, refused=1)]

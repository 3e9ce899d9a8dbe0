from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import computed, latest_rows
from pipeline_lib.database.statistics.latest_rows import LatestObservation
from tests.database.conftest import HOUR, START
from tests.database.statistics.conftest import statistics_row


def test_the_latest_row_follows_the_newest_moment(database: Database, series: int) -> None:
    with database.writing() as connection:
        assert latest_rows.read(connection, series) is None
        computed.write(connection, series, ["24h"], [statistics_row(1)], 2)
        assert latest_rows.update(connection, series, 1) == LatestObservation(START + HOUR, 1)
        computed.write(connection, series, ["24h"], [statistics_row(0)], 2)
        assert latest_rows.update(connection, series, 1) == LatestObservation(START + HOUR, 2)
        assert latest_rows.read(connection, series) == LatestObservation(START + HOUR, 2)

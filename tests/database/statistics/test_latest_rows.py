from collections.abc import Callable
from decimal import Decimal

from pipeline_lib.database import arrivals
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.database.statistics import computed, latest_rows
from pipeline_lib.database.statistics.computed import SeriesRow
from pipeline_lib.database.statistics.latest_rows import LatestObservation, SeriesOverview
from pipeline_lib.model.observation import Observation
from tests.database.conftest import HOUR, START
from tests.database.statistics.conftest import statistics_row


def test_the_latest_row_follows_the_newest_moment(database: Database, series: int) -> None:
    with database.writing() as connection:
        assert latest_rows.read(connection, [series]) == {}
        computed.write(connection, ["24h"], [SeriesRow(series, 2, statistics_row(1))])
        latest_rows.update(connection, {series: 1})
        assert latest_rows.read(connection, [series]) == {series: LatestObservation(START + HOUR, 1)}
        computed.write(connection, ["24h"], [SeriesRow(series, 2, statistics_row(0))])
        latest_rows.update(connection, {series: 1})
        assert latest_rows.read(connection, [series]) == {series: LatestObservation(START + HOUR, 2)}


def test_the_latest_rows_of_several_series_are_updated_together(
    database: Database, series: int, other_series: int
) -> None:
    with database.writing() as connection:
        rows = [SeriesRow(series, 4, statistics_row(hour)) for hour in (2, 0)]
        computed.write(connection, ["24h"], [*rows, SeriesRow(other_series, 5, statistics_row(1))])
        latest_rows.update(connection, {series: 2, other_series: 1})
        computed.write(connection, ["24h"], [SeriesRow(series, 4, statistics_row(3))])
        latest_rows.update(connection, {series: 1})
        assert latest_rows.read(connection, [series, other_series]) == {
            series: LatestObservation(START + 3 * HOUR, 3),
            other_series: LatestObservation(START + HOUR, 1),
        }
        assert latest_rows.read(connection, [other_series]) == {
            other_series: LatestObservation(START + HOUR, 1)
        }


def test_all_series_are_read_with_their_newest_row(
    database: Database,
    series: int,
    observe: Callable[..., Observation],
    archived: Callable[..., ArchivedPart],
) -> None:
    with database.writing() as connection:
        arrivals.record(connection, "a-coin", archived(5), [observe(5, coin="a-coin")])
        other = find_series_id(connection, "a-coin", "a-coin", "usd") or 0
        computed.write(connection, ["24h"], [SeriesRow(series, 2, statistics_row(1))])
        latest_rows.update(connection, {series: 1})
        found = latest_rows.read_all(connection)
    assert found == [
        SeriesOverview("a-coin", other, "a-coin", "usd", START + 5 * HOUR, None, None, None, None),
        SeriesOverview(
            pipeline="bitcoin",
            series_id=series,
            coin="bitcoin",
            vs_currency="usd",
            first=START,
            moment=START + HOUR,
            price=Decimal("7001.10"),
            change_1h_percent=Decimal("0.0000000001"),
            change_24h_percent=None,
        ),
    ]

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from pipeline_lib.database import arrivals, statistics_rows
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.connections import Database
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.database.statistics_rows import StatisticsRow, StatisticsState
from pipeline_lib.model.observation import Observation

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]

LABELS = ("24h", "7d")


def _row(observation: Observation, mean: float) -> StatisticsRow:
    window = (mean, None, 1, None)
    return (observation.moment, observation.price, Decimal("-8.16"), None, 0.1 + 0.2, *window, *window)


def test_rows_are_read_by_moment_and_know_which_arrival_changed_them(
    database: Database, observe: Observe, archived: Archive
) -> None:
    observed = [observe(hours) for hours in (20, 0, 2)]
    with database.writing() as connection:
        for hours, each in zip((20, 0, 2), observed, strict=True):
            arrivals.record(connection, "bitcoin", archived(hours), [each])
        series_id = find_series_id(connection, "bitcoin", "bitcoin", "usd")
        assert series_id is not None
        first = [_row(each, 1.5) for each in observed[:2]]
        statistics_rows.rewrite(connection, series_id, LABELS, first, StatisticsState("both", 2))
        second = [*first, _row(observed[2], 2.5)]
        statistics_rows.rewrite(connection, series_id, LABELS, second, StatisticsState("both", 3))
    with database.reading() as connection:
        assert statistics_rows.read_state(connection, series_id) == StatisticsState("both", 3)
        assert statistics_rows.read_changed_days(connection, series_id, 0) == {
            date(2018, 2, 5): 3,
            date(2018, 2, 6): 2,
        }
        assert statistics_rows.read_changed_days(connection, series_id, 2) == {date(2018, 2, 5): 3}
        since, until = observed[1].moment, observed[0].moment
        cells = statistics_rows.read_cells(connection, series_id, LABELS, since, until)
        assert list(map(tuple, cells)) == [second[1], second[2]]
        until += timedelta(seconds=1)
        cells = statistics_rows.read_cells(connection, series_id, LABELS[1:], since, until)
        assert [len(cell) for cell in cells] == [9, 9, 9]


def test_other_windows_replace_all_rows(database: Database, observe: Observe, archived: Archive) -> None:
    with database.writing() as connection:
        arrivals.record(connection, "bitcoin", archived(0), [observe(0)])
        series_id = find_series_id(connection, "bitcoin", "bitcoin", "usd")
        assert series_id is not None
        row = _row(observe(0), 1.5)
        statistics_rows.rewrite(connection, series_id, LABELS, [row], StatisticsState("both", 1))
        statistics_rows.rewrite(connection, series_id, ["24h"], [row[:9]], StatisticsState("one", 1))
        everything = (observe(0).moment, statistics_rows.END)
        assert list(statistics_rows.read_cells(connection, series_id, LABELS, *everything)) == []
        assert len(list(statistics_rows.read_cells(connection, series_id, ["24h"], *everything))) == 1

from collections.abc import Iterable

import pytest

from pipeline_lib.common.spans import Span
from pipeline_lib.common.timestamps import END
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import computed, latest_rows
from pipeline_lib.database.statistics.computed import SeriesRow
from tests.database.conftest import HOUR, START
from tests.database.statistics.conftest import statistics_row


def _rows(series: int, arrival: int, hours: Iterable[int], log_return: float | None = 0.1) -> list[SeriesRow]:
    return [SeriesRow(series, arrival, statistics_row(hour, log_return)) for hour in hours]


def test_rows_replace_those_of_their_moment(database: Database, series: int) -> None:
    with database.writing() as connection:
        computed.write(connection, ["24h"], _rows(series, 2, (0, 1)))
        computed.write(connection, ["24h"], [*_rows(series, 4, [1], None), *_rows(series, 4, [2])])
    with database.reading() as connection:
        cells = list(computed.read_cells(connection, series, ["24h"], Span(START + HOUR, END)))
        assert computed.first_changed(connection, [series], 2) == START + HOUR
        assert computed.first_changed(connection, [series], 4) is None
        assert computed.count_between(connection, [series], START, START + HOUR) == {series: 2}
    assert [tuple(row)[1:] for row in cells] == [
        ("7001.10", "0.0000000001", None, None, 7000.1, None, 1, -0.5),
        ("7002.10", "0.0000000001", None, 0.1, 7000.1, None, 1, -0.5),
    ]


def test_each_series_has_rows_of_its_own(database: Database, series: int, other_series: int) -> None:
    with database.writing() as connection:
        computed.write(connection, ["24h"], [*_rows(series, 2, (0, 1)), *_rows(other_series, 5, [1], None)])
        both = [series, other_series]
        assert computed.count_between(connection, both, START, START) == {series: 1}
        assert computed.count_between(connection, both, START, START + HOUR) == {series: 2, other_series: 1}
        assert computed.first_changed(connection, both, 1) == START
        assert computed.first_changed(connection, both, 2) == START + HOUR
        assert computed.first_changed(connection, both, 1, Span(START + HOUR, END)) == START + HOUR
        assert computed.first_changed(connection, both, 1, Span(START + 2 * HOUR, END)) is None
        assert computed.read_changed_days(connection, both, 0) == {START.date(): 5}
        assert computed.read_changed_days(connection, [series], 0) == {START.date(): 2}
        cells = list(computed.read_cells_of_coins(connection, both, ["24h"]))
        assert [tuple(row)[1:] for row in cells] == [
            ("bitcoin", "7000.10", "0.0000000001", None, 0.1, 7000.1, None, 1, -0.5),
            ("a-coin", "1.5", "0.0000000001", None, None, 7000.1, None, 1, -0.5),
            ("bitcoin", "7001.10", "0.0000000001", None, 0.1, 7000.1, None, 1, -0.5),
        ]
        computed.clear(connection, [series])
        assert computed.count_between(connection, both, START, START + HOUR) == {other_series: 1}


def test_more_rows_than_a_statement_takes_are_all_written(
    database: Database, series: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computed, "_ROWS_AT_ONCE", 2)
    with database.writing() as connection:
        computed.write(connection, ["24h"], iter(_rows(series, 4, range(3))))
        assert len(list(computed.read_cells(connection, series, ["24h"]))) == 3


def test_a_row_lacks_no_window(database: Database, series: int) -> None:
    with database.writing() as connection:
        computed.write(connection, ["24h"], _rows(series, 4, [0]))
        assert list(computed.read_cells(connection, series, ["24h", "7d"])) == []


def test_nothing_is_left_of_cleared_statistics(database: Database, series: int) -> None:
    with database.writing() as connection:
        computed.write(connection, ["24h"], _rows(series, 4, [0]))
        latest_rows.update(connection, {series: 1})
        computed.clear(connection, [series])
        assert list(computed.read_cells(connection, series, ["24h"])) == []
        assert latest_rows.read(connection, [series]) == {}

import pytest

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import computed, latest_rows
from tests.database.conftest import HOUR, START
from tests.database.statistics.conftest import statistics_row


def test_rows_replace_those_of_their_moment(database: Database, series: int) -> None:
    with database.writing() as connection:
        assert computed.write(connection, series, ["24h"], [statistics_row(0), statistics_row(1)], 2) == 2
        assert (
            computed.write(connection, series, ["24h"], [statistics_row(1, None), statistics_row(2)], 4) == 2
        )
    with database.reading() as connection:
        cells = list(computed.read_cells(connection, series, ["24h"], START + HOUR))
        assert computed.first_changed(connection, series, 2) == START + HOUR
        assert computed.first_changed(connection, series, 4) is None
        assert computed.count_between(connection, series, START, START + HOUR) == 2
    assert [tuple(row)[1:] for row in cells] == [
        ("7001.10", "0.0000000001", None, None, 7000.1, None, 1, -0.5),
        ("7002.10", "0.0000000001", None, 0.1, 7000.1, None, 1, -0.5),
    ]


def test_more_rows_than_a_statement_takes_are_all_written(
    database: Database, series: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computed, "_ROWS_AT_ONCE", 2)
    with database.writing() as connection:
        computed.write(connection, series, ["24h"], map(statistics_row, range(3)), 4)
        assert len(list(computed.read_cells(connection, series, ["24h"], START))) == 3


def test_a_row_lacks_no_window(database: Database, series: int) -> None:
    with database.writing() as connection:
        computed.write(connection, series, ["24h"], [statistics_row(0)], 4)
        assert list(computed.read_cells(connection, series, ["24h", "7d"], START)) == []


def test_nothing_is_left_of_cleared_statistics(database: Database, series: int) -> None:
    with database.writing() as connection:
        computed.write(connection, series, ["24h"], [statistics_row(0)], 4)
        latest_rows.update(connection, series, 1)
        computed.clear(connection, series)
        assert list(computed.read_cells(connection, series, ["24h"], START)) == []
        assert latest_rows.read(connection, series) is None

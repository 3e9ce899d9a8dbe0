from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database import arrivals, statistics
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.database.statistics import Arrived, LatestObservation, StatisticsState
from pipeline_lib.model.observation import Observation, ObservedPrice
from tests.database.conftest import HOUR, START

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]


@pytest.fixture
def series(database: Database, observe: Observe, archived: Archive) -> int:
    """Four hours, which came in the order 0, 1, 3, 2."""
    with database.writing() as connection:
        for hour in (0, 1, 3, 2):
            arrivals.record(connection, "bitcoin", archived(hour), [observe(hour, f"{7000 + hour}.10")])
        return find_series_id(connection, "bitcoin", "bitcoin", "usd") or 0


def _row(hour: int, log_return: float | None = 0.1) -> tuple[object, ...]:
    moment = START + hour * HOUR
    return (moment, Decimal(1), Decimal("0.0000000001"), None, log_return, 7000.1, None, 1, -0.5)


def test_what_came_after_an_arrival_is_given_by_moment(database: Database, series: int) -> None:
    with database.reading() as connection:
        assert statistics.read_arrived(connection, series, 2) == Arrived(
            [START + 2 * HOUR, START + 3 * HOUR], 4
        )
        assert statistics.read_arrived(connection, series, 4) is None


def test_of_all_that_came_the_ends_are_given(database: Database, series: int) -> None:
    with database.reading() as connection:
        assert statistics.read_arrived(connection, series, 0) == Arrived((START, START + 3 * HOUR), 4)
        assert statistics.read_arrived(connection, series + 1, 0) is None


def test_prices_have_the_digits_that_were_sent(database: Database, series: int) -> None:
    with database.reading() as connection:
        prices = statistics.read_prices(connection, series, START + HOUR, START + 2 * HOUR)
    assert prices == [
        ObservedPrice(START + hour * HOUR, Decimal(f"{7000 + hour}.10"), Decimal("-8.16"), None)
        for hour in (1, 2)
    ]
    assert str(prices[0].price) == "7001.10"
    assert prices[0].moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("from_hour", "rows", "found"),
    [(0, 1, 1), (0, 2, 2), (0, 9, 3), (3, 1, None), (3, -1, 2), (3, -9, 0), (0, -1, None), (1.5, 1, 2)],
)
def test_a_row_so_many_further_is_found_or_the_outermost(
    database: Database, series: int, from_hour: float, rows: int, found: int | None
) -> None:
    with database.reading() as connection:
        moment = statistics.moment_of_row(connection, series, START + from_hour * HOUR, rows)
    assert moment == (None if found is None else START + found * HOUR)


def test_rows_replace_those_of_their_moment(database: Database, series: int) -> None:
    with database.writing() as connection:
        assert statistics.write(connection, series, ["24h"], [_row(0), _row(1)], 2) == 2
        assert statistics.write(connection, series, ["24h"], [_row(1, None), _row(2)], 4) == 2
    with database.reading() as connection:
        cells = list(statistics.read_cells(connection, series, ["24h"], START + HOUR))
        assert statistics.first_changed(connection, series, 2) == START + HOUR
        assert statistics.first_changed(connection, series, 4) is None
        assert statistics.count_between(connection, series, START, START + HOUR) == 2
    assert [tuple(row)[1:] for row in cells] == [
        ("7001.10", "0.0000000001", None, None, 7000.1, None, 1, -0.5),
        ("7002.10", "0.0000000001", None, 0.1, 7000.1, None, 1, -0.5),
    ]


def test_more_rows_than_a_statement_takes_are_all_written(
    database: Database, series: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "_ROWS_AT_ONCE", 2)
    with database.writing() as connection:
        statistics.write(connection, series, ["24h"], map(_row, range(3)), 4)
        assert len(list(statistics.read_cells(connection, series, ["24h"], START))) == 3


def test_a_row_lacks_no_window(database: Database, series: int) -> None:
    with database.writing() as connection:
        statistics.write(connection, series, ["24h"], [_row(0)], 4)
        assert list(statistics.read_cells(connection, series, ["24h", "7d"], START)) == []


def test_the_latest_row_follows_the_newest_moment(database: Database, series: int) -> None:
    with database.writing() as connection:
        assert statistics.read_latest(connection, series) is None
        statistics.write(connection, series, ["24h"], [_row(1)], 2)
        assert statistics.update_latest(connection, series, 1) == LatestObservation(START + HOUR, 1)
        statistics.write(connection, series, ["24h"], [_row(0)], 2)
        assert statistics.update_latest(connection, series, 1) == LatestObservation(START + HOUR, 2)
        assert statistics.read_latest(connection, series) == LatestObservation(START + HOUR, 2)


def test_the_state_is_what_was_written(database: Database, series: int) -> None:
    with database.writing() as connection:
        assert statistics.read_state(connection, series) == StatisticsState("", 0)
        assert statistics.lock_state(connection, series) == StatisticsState("", 0)
        statistics.write_state(connection, series, StatisticsState("method=1 24h", 3))
        assert statistics.lock_state(connection, series) == StatisticsState("method=1 24h", 3)
    with database.reading() as connection:
        assert statistics.read_state(connection, series) == StatisticsState("method=1 24h", 3)


def test_nothing_is_left_of_cleared_statistics(database: Database, series: int) -> None:
    with database.writing() as connection:
        statistics.write(connection, series, ["24h"], [_row(0)], 4)
        statistics.update_latest(connection, series, 1)
        statistics.clear(connection, series)
        assert list(statistics.read_cells(connection, series, ["24h"], START)) == []
        assert statistics.read_latest(connection, series) is None


def test_who_locks_the_state_waits_for_the_one_before(
    database: Database, database_address: Secret, series: int
) -> None:
    locked, order = Event(), list[str]()

    def second() -> None:
        other = Database(database_address)
        locked.wait()
        with other.writing() as connection:
            order.append(f"second sees {statistics.lock_state(connection, series).arrival}")
        other.close()

    thread = Thread(target=second)
    thread.start()
    with database.writing() as connection:
        statistics.lock_state(connection, series)
        locked.set()
        thread.join(timeout=0.3)
        order.append("first ends")
        statistics.write_state(connection, series, StatisticsState("", 4))
    thread.join()
    assert order == ["first ends", "second sees 4"]

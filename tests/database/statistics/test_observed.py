from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import observed
from pipeline_lib.database.statistics.observed import Arrived
from pipeline_lib.model.observation import ObservedPrice
from tests.database.conftest import HOUR, START


def test_what_came_after_an_arrival_is_given_by_moment(database: Database, series: int) -> None:
    with database.reading() as connection:
        assert observed.read_arrived(connection, {series: 2}) == {
            series: Arrived([START + 2 * HOUR, START + 3 * HOUR], 4)
        }
        assert observed.read_arrived(connection, {series: 4}) == {}


def test_of_all_that_came_the_ends_are_given(database: Database, series: int) -> None:
    with database.reading() as connection:
        assert observed.read_arrived(connection, {series: 0}) == {
            series: Arrived((START, START + 3 * HOUR), 4)
        }
        assert observed.read_arrived(connection, {series + 1: 0}) == {}


def test_each_series_is_given_what_came_after_an_arrival_of_its_own(
    database: Database, series: int, other_series: int
) -> None:
    with database.reading() as connection:
        other = Arrived([START + HOUR], 5)
        assert observed.read_arrived(connection, {series: 3, other_series: 1}) == {
            series: Arrived([START + 2 * HOUR], 4),
            other_series: other,
        }
        assert observed.read_arrived(connection, {series: 4, other_series: 1}) == {other_series: other}
        assert observed.read_arrived(connection, {series: 4, other_series: 0}) == {
            other_series: Arrived((START + HOUR, START + HOUR), 5)
        }


def test_prices_have_the_digits_that_were_sent(database: Database, series: int, other_series: int) -> None:
    with database.reading() as connection:
        found = observed.read_prices(connection, [series], START + HOUR, START + 2 * HOUR)
        both = observed.read_prices(connection, [series, other_series], START + HOUR, START + 2 * HOUR)
    prices = found[series]
    assert prices == [
        ObservedPrice(START + hour * HOUR, Decimal(f"{7000 + hour}.10"), Decimal("-8.16"), None)
        for hour in (1, 2)
    ]
    assert str(prices[0].price) == "7001.10"
    assert prices[0].moment.utcoffset() == timedelta(0)
    other = ObservedPrice(START + HOUR, Decimal("1.5"), Decimal("-8.16"), None)
    assert (list(found), both) == ([series], {series: prices, other_series: [other]})


@pytest.mark.parametrize(
    ("from_hour", "rows", "found", "found_of_other"),
    [
        (0, 1, 1, 1),
        (0, 2, 2, 1),
        (0, 9, 3, 1),
        (3, 1, None, None),
        (3, -1, 2, 1),
        (3, -9, 0, 1),
        (0, -1, None, None),
        (1.5, 1, 2, None),
    ],
)
def test_a_row_so_many_further_is_found_or_the_outermost(
    database: Database,
    series: int,
    other_series: int,
    from_hour: float,
    rows: int,
    found: int | None,
    found_of_other: int | None,
) -> None:
    moment, ids = START + from_hour * HOUR, (series, other_series)
    with database.reading() as connection:
        moments = observed.moments_of_rows(connection, ids, moment, rows)
        alone = observed.moments_of_rows(connection, [series], moment, rows)
    expected = {
        key: START + hour * HOUR
        for key, hour in zip(ids, (found, found_of_other), strict=True)
        if hour is not None
    }
    assert moments == expected
    assert alone == {key: value for key, value in expected.items() if key == series}

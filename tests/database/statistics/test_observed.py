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
        assert observed.read_arrived(connection, series, 2) == Arrived(
            [START + 2 * HOUR, START + 3 * HOUR], 4
        )
        assert observed.read_arrived(connection, series, 4) is None


def test_of_all_that_came_the_ends_are_given(database: Database, series: int) -> None:
    with database.reading() as connection:
        assert observed.read_arrived(connection, series, 0) == Arrived((START, START + 3 * HOUR), 4)
        assert observed.read_arrived(connection, series + 1, 0) is None


def test_prices_have_the_digits_that_were_sent(database: Database, series: int) -> None:
    with database.reading() as connection:
        prices = observed.read_prices(connection, series, START + HOUR, START + 2 * HOUR)
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
        moment = observed.moment_of_row(connection, series, START + from_hour * HOUR, rows)
    assert moment == (None if found is None else START + found * HOUR)

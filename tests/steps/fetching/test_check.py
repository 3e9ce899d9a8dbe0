"""Which moves need a confirmation."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.database import arrivals
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.market.jumps import Jump
from pipeline_lib.model.observation import Observation
from pipeline_lib.steps.fetching.check import LargeMove, find_large_move

HOUR = timedelta(hours=1)
LIMIT = Decimal(10)


def later(observation: Observation, age: timedelta, price: str) -> Observation:
    return replace(observation, moment=observation.moment + age, price=Decimal(price))


def find(database: Database, after: Observation, *recorded: Observation) -> LargeMove | None:
    with database.writing() as connection:
        for each in recorded:
            part = ArchivedPart(each.moment, 1, "1" * 64, "2" * 64, each.moment)
            arrivals.record(connection, "btc", part, [each])
    with database.reading() as connection:
        return find_large_move(connection, "btc", after, LIMIT)


def test_a_move_beyond_the_limit_is_found_with_both_prices(
    database: Database, observation: Observation
) -> None:
    after = later(observation, HOUR, "8000")
    move = find(database, after, observation)
    assert move is not None
    assert (move.before, move.after) == (observation, after)
    assert move.jump == Jump(Decimal("6955.270"), Decimal(8000), LIMIT)
    assert str(move) == "8000 USD of 2018-02-05T13:59:47Z after 6955.270 USD of 2018-02-05T13:59:47Z"


def test_the_nearest_price_before_counts_in_whatever_order_they_came(
    database: Database, observation: Observation
) -> None:
    recorded = [later(observation, hours * HOUR, price) for hours, price in ((3, "1"), (1, "7000"), (0, "1"))]
    assert find(database, later(observation, 2 * HOUR, "7100"), *recorded) is None


@pytest.mark.parametrize(
    ("age", "price"), [(HOUR, "7600"), (timedelta(days=7, seconds=1), "99999"), (-HOUR, "99999")]
)
def test_a_small_move_or_one_without_a_price_before_it_needs_no_confirmation(
    database: Database, observation: Observation, age: timedelta, price: str
) -> None:
    assert find(database, later(observation, age, price), observation) is None


def test_the_first_price_needs_no_confirmation(database: Database, observation: Observation) -> None:
    assert find(database, observation) is None


@pytest.mark.parametrize("change", [{"coin": "ethereum"}, {"vs_currency": "eur"}])
def test_another_coin_or_currency_is_nothing_to_compare_with(
    database: Database, observation: Observation, change: dict[str, str]
) -> None:
    after = replace(later(observation, HOUR, "8000"), **change)  # type: ignore[arg-type]
    assert find(database, after, observation) is None

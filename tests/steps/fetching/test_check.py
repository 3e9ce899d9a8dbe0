"""Which moves need a confirmation."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.market.jumps import Jump
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.check import find_large_move
from pipeline_lib.store.log.raw_rows import HEADER, encode_row

HOUR = timedelta(hours=1)
LIMIT = Decimal(10)


def later(observation: Observation, age: timedelta, price: str) -> Observation:
    return replace(observation, moment=observation.moment + age, price=Decimal(price))


def test_a_move_beyond_the_limit_is_found_with_both_prices(layout: Layout, observation: Observation) -> None:
    layout.raw_log.write_text(HEADER + encode_row(observation))
    after = later(observation, HOUR, "8000")
    move = find_large_move(layout.raw_log, after, LIMIT)
    assert move is not None
    assert (move.before, move.after) == (observation, after)
    assert move.jump == Jump(Decimal("6955.270"), Decimal(8000), LIMIT)
    assert str(move) == "8000 USD of 2018-02-05T13:59:47Z after 6955.270 USD of 2018-02-05T13:59:47Z"


@pytest.mark.parametrize(
    ("age", "price"), [(HOUR, "7600"), (timedelta(days=7, seconds=1), "99999"), (-HOUR, "99999")]
)
def test_a_small_move_or_one_without_a_price_before_it_needs_no_confirmation(
    layout: Layout, observation: Observation, age: timedelta, price: str
) -> None:
    layout.raw_log.write_text(HEADER + encode_row(observation))
    assert find_large_move(layout.raw_log, later(observation, age, price), LIMIT) is None


def test_the_first_price_needs_no_confirmation(layout: Layout, observation: Observation) -> None:
    assert find_large_move(layout.raw_log, observation, LIMIT) is None


def test_a_damaged_log_is_reported(layout: Layout, observation: Observation) -> None:
    layout.raw_log.write_text(HEADER + encode_row(observation))
    layout.raw_log.write_bytes(layout.raw_log.read_bytes().replace(b",6955.270,", b",nothing,"))
    with pytest.raises(TableDamagedError, match="price is 'nothing', not a number"):
        find_large_move(layout.raw_log, later(observation, HOUR, "8000"), LIMIT)

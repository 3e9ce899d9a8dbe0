"""Which moves need a confirmation."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.database import arrivals
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.observations import PriceAt
from pipeline_lib.market.jumps import Jump
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import CoinLimits, NamedCoins, OneCoin, PipelineSpec, QualityLimits, Thresholds
from pipeline_lib.steps.fetching.check import LargeMove, find_large_moves
from tests.system.replays import spec_of

HOUR = timedelta(hours=1)
LIMIT = Decimal(10)
SPEC = replace(
    spec_of(Thresholds(Decimal(3), Decimal(8))), quality=QualityLimits(HOUR, max_jump_percent=LIMIT)
)


def later(observation: Observation, age: timedelta, price: str) -> Observation:
    return replace(observation, moment=observation.moment + age, price=Decimal(price))


def fill(database: Database, *recorded: Observation) -> None:
    with database.writing() as connection:
        for each in recorded:
            part = ArchivedPart(each.moment, 1, "1" * 64, "2" * 64, each.moment)
            arrivals.record(connection, SPEC.name, part, [each])


def find(database: Database, after: Observation, *recorded: Observation) -> LargeMove | None:
    """The move to an observation of a pipeline that has its coin alone."""
    fill(database, *recorded)
    spec = replace(SPEC, coins=OneCoin(after.coin), vs_currency=after.vs_currency)
    with database.reading() as connection:
        moves = find_large_moves(connection, spec, [after])
    assert moves.keys() <= {after.coin}
    return moves.get(after.coin)


def test_a_move_beyond_the_limit_is_found_with_both_prices(
    database: Database, observation: Observation
) -> None:
    after = later(observation, HOUR, "8000")
    move = find(database, after, observation)
    assert move is not None
    before = PriceAt(observation.price, observation.last_updated)
    assert (move.before, move.after) == (before, after)
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


def test_each_coin_of_a_run_has_the_limit_and_the_price_of_its_own(
    database: Database, observation: Observation
) -> None:
    before = {"bitcoin": "100", "ethereum": "10", "dogecoin": "1", "solana": "50"}
    now = {"bitcoin": "150", "ethereum": "10.5", "dogecoin": "1.5", "solana": "50", "new": "9"}
    moment = observation.moment
    recorded = [
        replace(observation, coin=coin, price=Decimal(price), moment=moment + number * timedelta(minutes=1))
        for number, (coin, price) in enumerate(before.items())
    ]
    fill(database, *recorded)
    observed = [replace(later(observation, HOUR, price), coin=coin) for coin, price in now.items()]
    with database.reading() as connection:
        moves = find_large_moves(connection, _several(*now), observed)
        none = find_large_moves(connection, _several(*now), [])
    assert {coin: str(move.jump.price) for coin, move in moves.items()} == {"bitcoin": "150"}
    assert none == {}


def _several(*coins: str) -> PipelineSpec:
    """Dogecoin may double within an hour."""
    usual = CoinLimits(SPEC.thresholds, SPEC.alerts, SPEC.quality)
    patient = replace(usual, quality=replace(SPEC.quality, max_jump_percent=Decimal(100)))
    return replace(SPEC, coins=NamedCoins(coins), limits={"dogecoin": patient})

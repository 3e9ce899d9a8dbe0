from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.analysis.price_moves import PriceMoves, price_moves
from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.model.observation import Observation

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _history(observation: Observation, *before: tuple[timedelta, str]) -> list[PricePoint]:
    own = PricePoint(observation.moment, observation.price)
    return sorted(
        [own, *(PricePoint(observation.moment - age, Decimal(price)) for age, price in before)],
        key=lambda point: point.moment,
    )


def test_the_sources_own_moves_go_before_the_history(observation: Observation) -> None:
    given_moves = replace(observation, change_1h_percent=Decimal(0), change_24h_percent=Decimal("-1.5"))
    history = _history(observation, (HOUR, "1"), (DAY, "1"))
    assert price_moves(given_moves, history) == PriceMoves(Decimal(0), Decimal("-1.5"))


def test_missing_moves_come_from_the_own_history(observation: Observation) -> None:
    history = _history(observation, (DAY, "8000"), (HOUR, "7000"))
    moves = price_moves(replace(observation, price=Decimal(6300)), history)
    assert moves == PriceMoves(Decimal(-10), Decimal("-21.25"))


def test_one_missing_move_leaves_the_other_alone(observation: Observation) -> None:
    half = replace(observation, price=Decimal(6300), change_24h_percent=Decimal(4))
    moves = price_moves(half, _history(observation, (DAY, "1"), (HOUR, "7000")))
    assert moves == PriceMoves(Decimal(-10), Decimal(4))


@pytest.mark.parametrize(
    ("minutes", "expected"), [(55, -10), (60, -10), (65, -10), (54.99, None), (65.01, None)]
)
def test_a_price_counts_as_of_an_hour_ago_within_five_minutes(
    observation: Observation, minutes: float, expected: int | None
) -> None:
    history = _history(observation, (timedelta(minutes=minutes), "10000"))
    moves = price_moves(replace(observation, price=Decimal(9000)), history)
    assert (moves.hour_percent, moves.day_percent) == (expected, None)


@pytest.mark.parametrize(("earlier", "later", "nearest"), [(62, 59, "later"), (61, 57, "earlier")])
def test_of_two_prices_near_an_hour_ago_the_nearest_counts(
    observation: Observation, earlier: int, later: int, nearest: str
) -> None:
    history = _history(
        observation, (timedelta(minutes=earlier), "10000"), (timedelta(minutes=later), "20000")
    )
    moves = price_moves(replace(observation, price=Decimal(5000)), history)
    assert moves.hour_percent == (Decimal(-50) if nearest == "earlier" else Decimal(-75))


@pytest.mark.parametrize("ages", [(), (2 * HOUR,), (timedelta(minutes=30),), (-HOUR,), (-DAY,)])
def test_a_zero_is_never_invented(observation: Observation, ages: tuple[timedelta, ...]) -> None:
    history = _history(observation, *((age, "6955.27") for age in ages))
    assert price_moves(observation, history) == PriceMoves(None, None)
    assert price_moves(observation, []) == PriceMoves(None, None)


def test_what_came_later_is_of_no_account(observation: Observation) -> None:
    before = _history(observation, (HOUR, "7000"), (DAY, "8000"))
    after = [PricePoint(observation.moment + number * HOUR, Decimal(1)) for number in (1, 2, 24)]
    assert price_moves(observation, [*before, *after]) == price_moves(observation, before)

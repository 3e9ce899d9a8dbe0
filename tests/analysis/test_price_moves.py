from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.analysis.price_moves import (
    CrossedThreshold,
    Horizon,
    PriceMoves,
    crossed_thresholds,
    percent_change,
    price_moves,
)
from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.observation import Observation
from pipeline_lib.spec import Thresholds

THRESHOLDS = Thresholds(move_1h_percent=Decimal(3), move_24h_percent=Decimal("8.5"))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _history(observation: Observation, *before: tuple[timedelta, str]) -> list[PricePoint]:
    own = PricePoint(observation.moment, observation.price)
    return sorted(
        [own, *(PricePoint(observation.moment - age, Decimal(price)) for age, price in before)],
        key=lambda point: point.moment,
    )


def _labels(crossed: Sequence[CrossedThreshold]) -> list[str]:
    return [threshold.horizon.label for threshold in crossed]


@pytest.mark.parametrize(
    ("hour", "day", "expected"),
    [
        ("3", "0", ["1h"]),
        ("-3", "0", ["1h"]),
        ("2.9999999999", "8.4999999999", []),
        ("-2.9999999999", "-8.4999999999", []),
        ("3.0000000001", "8.5", ["1h", "24h"]),
        ("-0", "-8.5", ["24h"]),
        ("0", "0", []),
    ],
)
def test_a_threshold_is_reached_at_its_exact_edge(hour: str, day: str, expected: list[str]) -> None:
    assert _labels(crossed_thresholds(PriceMoves(Decimal(hour), Decimal(day)), THRESHOLDS)) == expected


def test_what_is_crossed_keeps_its_sign_and_threshold() -> None:
    crossed = crossed_thresholds(PriceMoves(Decimal("-3.5"), Decimal(9)), THRESHOLDS)
    assert crossed == (
        CrossedThreshold(Horizon.HOUR, Decimal("-3.5"), Decimal(3)),
        CrossedThreshold(Horizon.DAY, Decimal(9), Decimal("8.5")),
    )


def test_an_unknown_move_reaches_no_threshold() -> None:
    smallest = Thresholds(Decimal("1e-9"), Decimal("1e-9"))
    assert crossed_thresholds(PriceMoves(None, None), smallest) == ()
    assert _labels(crossed_thresholds(PriceMoves(None, Decimal(1)), smallest)) == ["24h"]


@given(
    move=st.decimals(-200, 200, places=10),
    threshold=st.decimals(Decimal("0.1"), 100, places=4),
)
def test_a_fall_and_a_rise_of_one_size_alert_alike(move: Decimal, threshold: Decimal) -> None:
    thresholds = Thresholds(threshold, threshold)
    up = crossed_thresholds(PriceMoves(move, move), thresholds)
    down = crossed_thresholds(PriceMoves(-move, -move), thresholds)
    assert len(up) == len(down) == (2 if not -threshold < move < threshold else 0)


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


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [
        ("100", "103", "3.0000000000"),
        ("3", "4", "33.3333333333"),
        ("3", "1", "-66.6666666667"),
        ("0.00000007", "0.00000007", "0E-10"),
        ("999999999999999999999", "1E-30", "-100.0000000000"),
    ],
)
def test_a_change_has_ten_decimal_places(before: str, now: str, percent: str) -> None:
    change = percent_change(Decimal(before), Decimal(now))
    assert str(change) == percent


def test_even_the_greatest_possible_change_is_exact() -> None:
    change = percent_change(Decimal("1E-30"), Decimal(999999999999999999999))
    assert change == Decimal((10**21 - 1) * 10**32 - 100)
    assert change.as_tuple().exponent == -10


@given(before=st.integers(1, 10**18), now=st.integers(1, 10**18), places=st.integers(0, 12))
def test_a_change_is_the_exact_one_rounded(before: int, now: int, places: int) -> None:
    change = percent_change(Decimal(f"{before}E-{places}"), Decimal(f"{now}E-{places}"))
    exact = Fraction(now - before, before) * 100
    assert abs(Fraction(change) - exact) <= Fraction(1, 2 * 10**10)

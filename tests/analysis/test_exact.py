"""Correctly rounded floats, against arithmetic with far more digits."""

import math
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.analysis.exact import log_of_ratio, sqrt_of_ratio

MANY_DIGITS = Context(prec=400)
numbers = st.integers(1, 10**4) | st.integers(1, 10**40) | st.integers(10**90, 10**120)


def _nearest(value: Decimal) -> float:
    return float(value)


@given(numerator=numbers, denominator=numbers)
def test_a_root_is_the_nearest_float(numerator: int, denominator: int) -> None:
    ratio = MANY_DIGITS.divide(Decimal(numerator), Decimal(denominator))
    assert sqrt_of_ratio(numerator, denominator) == _nearest(MANY_DIGITS.sqrt(ratio))


@given(st.floats(1e-140, 1e140))
def test_a_root_halfway_between_two_floats_is_rounded_to_even(root: float) -> None:
    halfway = (Fraction(root) + Fraction(math.nextafter(root, math.inf))) / 2
    square = halfway**2
    expected = float(halfway)
    assert sqrt_of_ratio(square.numerator, square.denominator) == expected


def test_the_root_of_nothing_is_zero() -> None:
    assert sqrt_of_ratio(0, 7) == 0.0


@given(before=numbers, after=numbers)
def test_a_logarithm_is_the_nearest_float(before: int, after: int) -> None:
    ratio = MANY_DIGITS.divide(Decimal(after), Decimal(before))
    assert log_of_ratio(after, before) == _nearest(MANY_DIGITS.ln(ratio))


@given(
    price=st.integers(10**3, 10**30),
    move=st.integers(-(10**6), 10**6),
    size=st.integers(7, 28),
)
def test_a_logarithm_of_a_small_move_is_the_nearest_float(price: int, move: int, size: int) -> None:
    before, after = price * 10**size, price * (10**size + move)
    if after <= 0:
        return
    ratio = MANY_DIGITS.divide(Decimal(after), Decimal(before))
    assert log_of_ratio(after, before) == _nearest(MANY_DIGITS.ln(ratio))


@pytest.mark.parametrize("factor", [1, 3, 10**12, 7**40])
def test_a_logarithm_depends_on_the_ratio_alone(factor: int) -> None:
    assert log_of_ratio(6955 * factor, 6950 * factor) == log_of_ratio(6955, 6950)


def test_the_same_price_has_a_logarithm_of_zero() -> None:
    assert str(log_of_ratio(7, 7)) == "0.0"
    assert log_of_ratio(8, 7) == -log_of_ratio(7, 8)

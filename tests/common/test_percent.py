from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.common.percent import percent_change


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

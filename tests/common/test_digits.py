from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.common.digits import to_digits


@pytest.mark.parametrize(
    ("number", "digits"),
    [("1.50", "1.50"), ("7E-8", "0.00000007"), ("-0E-10", "-0.0000000000"), ("1.2E+3", "1200"), ("0", "0")],
)
def test_numbers_are_written_without_an_exponent(number: str, digits: str) -> None:
    assert to_digits(Decimal(number)) == digits


@given(number=st.decimals(-(10**30), 10**30, allow_nan=False))
def test_no_digit_is_lost_or_added(number: Decimal) -> None:
    assert to_digits(number) == f"{number:f}"

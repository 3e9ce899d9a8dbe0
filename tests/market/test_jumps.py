from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.market.jumps import Jump, find_jump

PRICES = st.decimals("1e-8", "1e6", places=8).filter(lambda price: price > 0)
LIMITS = st.decimals("0.01", "1000", places=2)
FIFTY = Decimal(50)


@pytest.mark.parametrize(
    ("price", "is_jump"),
    [
        ("100", False),
        ("150", False),
        ("150.000000000000000000000000000000000000001", True),
        ("50", False),
        ("49.999999999999999999999999999999999999999", True),
    ],
)
def test_a_move_beyond_the_limit_is_a_jump_in_either_direction(price: str, is_jump: bool) -> None:  # noqa: FBT001
    assert (find_jump(Decimal(100), Decimal(price), FIFTY) is not None) == is_jump


def test_a_jump_tells_its_size() -> None:
    assert Jump(Decimal(80), Decimal(200), FIFTY).percent == 150
    assert Jump(Decimal(80), Decimal(20), FIFTY).percent == -75


@pytest.mark.parametrize(
    ("price", "second", "is_confirmed"),
    [
        # Up from 100 to 200, within 5 %.
        ("200", "200", True),
        ("200", "190", True),
        ("200", "210", True),
        ("200", "189.99", False),
        ("200", "210.01", False),
        ("200", "100", False),
        ("200", "20", False),
        # Down from 100 to 20.
        ("20", "20", True),
        ("20", "21", True),
        ("20", "19", True),
        ("20", "22", False),
        ("20", "100", False),
        ("20", "200", False),
        # Close to the first, and yet within the limit.
        ("152", "150", False),
        ("49", "50", False),
    ],
)
def test_a_later_price_confirms_what_lies_beyond_the_limit_too_and_close_by(
    price: str,
    second: str,
    is_confirmed: bool,  # noqa: FBT001
) -> None:
    jump = find_jump(Decimal(100), Decimal(price), FIFTY)
    assert jump is not None
    assert jump.is_confirmed_by(Decimal(second), Decimal(5)) == is_confirmed


@given(PRICES, PRICES, LIMITS, st.decimals("0.000001", "1000000", places=6))
@settings(deadline=None)
def test_a_jump_is_one_in_any_unit(before: Decimal, price: Decimal, limit: Decimal, unit: Decimal) -> None:
    in_other_unit = find_jump(before * unit, price * unit, limit)
    assert (find_jump(before, price, limit) is None) == (in_other_unit is None)


@given(PRICES, PRICES, LIMITS)
@settings(deadline=None)
def test_the_same_price_again_confirms_any_jump_and_the_old_price_none(
    before: Decimal, price: Decimal, limit: Decimal
) -> None:
    jump = find_jump(before, price, limit)
    if jump is not None:
        assert jump.is_confirmed_by(price, Decimal(0))
        assert not jump.is_confirmed_by(before, Decimal(10**9))

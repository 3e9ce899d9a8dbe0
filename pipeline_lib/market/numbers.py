"""Which numbers can be a price, a volume or a move at all."""

from decimal import Decimal

# Beyond these no coin's price can lie, and exact arithmetic would have no bound.
_LARGEST_EXPONENT = 20
_SMALLEST_EXPONENT = -30
_MOST_DIGITS = 40


def is_possible(value: Decimal) -> bool:
    """Whether ``value`` is finite, of a size that money has, and has a bounded count of digits."""
    if not value.is_finite():
        return False
    # Zero too: 0e999999999 would be written out as a gigabyte of zeros.
    return (
        _SMALLEST_EXPONENT <= value.adjusted() <= _LARGEST_EXPONENT
        and len(value.as_tuple().digits) <= _MOST_DIGITS
    )

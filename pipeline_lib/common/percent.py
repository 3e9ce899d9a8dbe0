"""Moves between two numbers in percent."""

from decimal import Context, Decimal

# Wide enough for the move from the least possible price to the greatest with its ten decimal places.
_ROUNDED = Context(prec=80)
# A replay computes a hundred thousand moves.
_subtract, _divide, _multiply, _quantize = (
    _ROUNDED.subtract,
    _ROUNDED.divide,
    _ROUNDED.multiply,
    _ROUNDED.quantize,
)
_PLACES = Decimal("1e-10")
_HUNDRED = Decimal(100)


def percent_change(before: Decimal, now: Decimal) -> Decimal:
    """The move from ``before`` to ``now`` in percent, to ten decimal places."""
    return _quantize(_multiply(_divide(_subtract(now, before), before), _HUNDRED), _PLACES)

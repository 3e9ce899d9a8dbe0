"""Moves between two numbers in percent."""

from decimal import Context, Decimal

# Wide enough for the move from the least possible price to the greatest with its ten decimal places.
_ROUNDED = Context(prec=80)
_PLACES = Decimal("1e-10")
_HUNDRED = Decimal(100)


def percent_change(before: Decimal, now: Decimal) -> Decimal:
    """The move from ``before`` to ``now`` in percent, to ten decimal places."""
    ratio = _ROUNDED.divide(_ROUNDED.subtract(now, before), before)
    return _ROUNDED.quantize(_ROUNDED.multiply(ratio, _HUNDRED), _PLACES)

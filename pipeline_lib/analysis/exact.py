"""Floats of exact ratios: the nearest float to the true value, so equal input gives equal digits anywhere."""

from decimal import Context, Decimal
from math import isqrt

# A float has 53 bits; the integer root has a few more, then one bit that says whether anything is left.
_ROOT_BITS = 60

_SERIES_BITS = 112
# Each of the series' terms, fewer than twenty, is cut off twice by less than one.
_SERIES_ERROR = 64
# Beyond this part of the sum the series grows long; hourly prices stay far below.
_GREATEST_SERIES_PART = 8

_FALLBACK = Context(prec=100)


def sqrt_of_ratio(numerator: int, denominator: int) -> float:
    """The square root of ``numerator / denominator``, correctly rounded.

    Args:
        numerator: 0 or more.
        denominator: 1 or more.
    """
    shift = _ROOT_BITS + (denominator.bit_length() - numerator.bit_length()) // 2
    if shift >= 0:
        numerator <<= 2 * shift
    else:
        denominator <<= -2 * shift
    quotient, remainder = divmod(numerator, denominator)
    root = isqrt(quotient)
    # With the last bit set for any remainder, no root that isn't exact looks halfway between two floats.
    root = 2 * root | (remainder != 0 or root * root != quotient)
    return root / (1 << shift + 1) if shift >= 0 else float(root << -shift - 1)


def log_of_ratio(numerator: int, denominator: int) -> float:
    """The natural logarithm of ``numerator / denominator``, correctly rounded; both are 1 or more.

    ``ln(a / b) = 2 · artanh((a - b) / (a + b))``, by its series in integers, with bounds on what is cut off.
    Where the bounds don't agree on a float, and for a ratio far from one, 100 digits decide.
    """
    difference, total = numerator - denominator, numerator + denominator
    part = abs(difference)
    if not part:
        return 0.0
    if part * _GREATEST_SERIES_PART > total:
        return _log_by_digits(numerator, denominator)
    shift = _SERIES_BITS + total.bit_length() - part.bit_length()
    term = (part << shift) // total
    square = term * term >> shift
    summed, divisor = term, 1
    while term:
        term = term * square >> shift
        divisor += 2
        summed += term // divisor
    low = (summed - _SERIES_ERROR) / (1 << shift - 1)
    high = (summed + _SERIES_ERROR) / (1 << shift - 1)
    if low != high:
        return _log_by_digits(numerator, denominator)
    return low if difference > 0 else -low


def _log_by_digits(numerator: int, denominator: int) -> float:
    return float(_FALLBACK.ln(_FALLBACK.divide(Decimal(numerator), Decimal(denominator))))

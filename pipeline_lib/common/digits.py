"""Decimal numbers as plain digits."""

from decimal import Decimal


def to_digits(value: Decimal) -> str:
    """All digits of a number, without an exponent: ``0.00000007``."""
    text = str(value)
    # Few numbers are written with one, and a format takes four times as long as a text.
    return f"{value:f}" if "E" in text else text

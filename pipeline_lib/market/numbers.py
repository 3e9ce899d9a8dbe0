"""Which numbers can be a price, a volume or a move at all."""

from decimal import Decimal, InvalidOperation

from pipeline_lib.common.http.bounded_json import NumberText
from pipeline_lib.common.http.foreign_text import shorten
from pipeline_lib.errors import InvalidQuoteError

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


def exact_number(coin: str, name: str, value: object) -> Decimal:
    """A number of an answer, with the digits that were sent.

    Args:
        coin: CoinGecko id, for the error.
        name: The field, for the error.
        value: What stands there, as ``read_json`` gives it.

    Raises:
        InvalidQuoteError: It is not a number, or one that can't be true.
    """
    if not isinstance(value, NumberText):
        raise InvalidQuoteError(coin, name, shorten(repr(value)), "not a number")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise InvalidQuoteError(coin, name, f"{value[:40]}…", "beyond any possible value") from error
    if not is_possible(number):
        raise InvalidQuoteError(coin, name, f"{number:.6e}", "beyond any possible value")
    return number

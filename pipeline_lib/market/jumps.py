"""Whether a price can follow the one before it: pure functions of prices."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Jump:
    """A move between two prices that is larger than the limit.

    Attributes:
        before: The price that it starts from.
        price: The price that it ends at.
        limit_percent: The largest move that needs no confirmation, in percent of ``before``.
    """

    before: Decimal
    price: Decimal
    limit_percent: Decimal

    @property
    def percent(self) -> Decimal:
        """The move in percent of ``before``."""
        return (self.price / self.before - 1) * 100

    def is_confirmed_by(self, later: Decimal, tolerance_percent: Decimal) -> bool:
        """Whether a later price shows the same move.

        It lies beyond the limit too, on the same side, and no further than ``tolerance_percent`` of
        ``price`` away from ``price``: a feed that jumps about confirms nothing.
        """
        goes_on = find_jump(self.before, later, self.limit_percent) is not None
        same_side = (later > self.before) == (self.price > self.before)
        return goes_on and same_side and not _is_beyond(self.price, later, tolerance_percent)


def find_jump(before: Decimal, price: Decimal, limit_percent: Decimal) -> Jump | None:
    """The move from ``before`` to ``price``, in either direction, if it is larger than the limit.

    A price can't fall by more than 100 %, so a limit of 100 or more looks upwards only.

    Args:
        before: The price before, greater than zero.
        price: The price in question.
        limit_percent: The largest move that passes, in percent of ``before``.
    """
    return Jump(before, price, limit_percent) if _is_beyond(before, price, limit_percent) else None


def _is_beyond(start: Decimal, end: Decimal, percent: Decimal) -> bool:
    # Fractions, because decimals round and a price at the limit is within it.
    return abs(Fraction(end) - Fraction(start)) * 100 > Fraction(percent) * Fraction(start)

"""Whether a price can follow the one before it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.market.jumps import Jump, find_jump
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log import raw_log

# A price of last month says nothing about a bad tick of today; a weekly pipeline still has its last one.
_OLDEST_REFERENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LargeMove:
    """A move that needs a confirmation.

    Attributes:
        before: The pipeline's observation before.
        after: The observation in question.
        jump: The move between their prices.
    """

    before: Observation
    after: Observation
    jump: Jump

    def __str__(self) -> str:
        return f"{describe_price(self.after)} after {describe_price(self.before)}"


def find_large_move(log: Path, observation: Observation, limit_percent: Decimal) -> LargeMove | None:
    """The move from the price before to this one, if it is larger than the limit.

    Args:
        log: The pipeline's raw log.
        observation: What may become the next observation.
        limit_percent: The largest move that needs no confirmation.

    Raises:
        TableDamagedError: The log can't be read.
    """
    before = raw_log.newest_before(log, observation.moment, _OLDEST_REFERENCE)
    if before is None:
        return None
    jump = find_jump(before.price, observation.price, limit_percent)
    return LargeMove(before, observation, jump) if jump else None


def describe_price(observation: Observation) -> str:
    """The price with its own time, for people."""
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    return f"{price} of {format_moment(observation.last_updated)}"

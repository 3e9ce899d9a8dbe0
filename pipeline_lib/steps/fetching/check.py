"""Whether a price can follow the one before it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import observations
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.market.jumps import Jump, find_jump
from pipeline_lib.model.observation import Observation

if TYPE_CHECKING:
    from sqlalchemy import Connection

# A price of last month says nothing about a bad tick of today; a weekly pipeline still has its last one.
_OLDEST_REFERENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LargeMove:
    """A move that needs a confirmation.

    Attributes:
        before: The series' observation before.
        after: The observation in question.
        jump: The move between their prices.
    """

    before: Observation
    after: Observation
    jump: Jump

    def __str__(self) -> str:
        return f"{describe_price(self.after)} after {describe_price(self.before)}"


def find_large_move(
    connection: "Connection", pipeline: str, observation: Observation, limit_percent: Decimal
) -> LargeMove | None:
    """The move from the price before to this one, if it is larger than the limit.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        observation: What may become the next observation of its series.
        limit_percent: The largest move that needs no confirmation.
    """
    series_id = find_series_id(connection, pipeline, observation.coin, observation.vs_currency)
    if series_id is None:
        return None
    for before in observations.read_last_before(connection, series_id, observation.moment, rows=1):
        if observation.moment - before.moment <= _OLDEST_REFERENCE:
            jump = find_jump(before.price, observation.price, limit_percent)
            return LargeMove(before, observation, jump) if jump else None
    return None


def describe_price(observation: Observation) -> str:
    """The price with its own time, for people."""
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    return f"{price} of {format_moment(observation.last_updated)}"

"""Whether prices can follow those before them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import observations
from pipeline_lib.database.observations import PriceAt
from pipeline_lib.database.pipelines import find_series_of
from pipeline_lib.market.jumps import Jump, find_jump
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection

# A price of last month says nothing about a bad tick of today; a weekly pipeline still has its last one.
_OLDEST_REFERENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LargeMove:
    """A move that needs a confirmation.

    Attributes:
        before: The series' price before.
        after: The observation in question.
        jump: The move between their prices.
    """

    before: PriceAt
    after: Observation
    jump: Jump

    def __str__(self) -> str:
        before = f"{self.before.price:f} {self.after.vs_currency.upper()}"
        return f"{describe_price(self.after)} after {before} of {format_moment(self.before.last_updated)}"


def find_large_moves(
    connection: "Connection", spec: PipelineSpec, observed: Collection[Observation]
) -> dict[str, LargeMove]:
    """The moves from the price before to the new one that are larger than their limits, by coin.

    Args:
        connection: A transaction.
        spec: The pipeline.
        observed: What may become the next observations of their series; all of one moment.
    """
    if not observed:
        return {}
    coins = {each.coin: each for each in observed}
    series = find_series_of(connection, spec.name, coins, spec.vs_currency)
    moment = next(iter(observed)).moment
    last = observations.read_last_prices(
        connection, [each.id for each in series], moment - _OLDEST_REFERENCE, moment
    )
    moves: dict[str, LargeMove] = {}
    for each in series:
        before, after = last.get(each.id), coins[each.coin]
        limit = spec.of_coin(each.coin).quality.max_jump_percent
        jump = find_jump(before.price, after.price, limit) if before else None
        if before and jump:
            moves[each.coin] = LargeMove(before, after, jump)
    return moves


def describe_price(observation: Observation) -> str:
    """The price with its own time, for people."""
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    return f"{price} of {format_moment(observation.last_updated)}"

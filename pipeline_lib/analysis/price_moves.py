"""Moves of the price over an hour and a day."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.common.percent import percent_change
from pipeline_lib.model.observation import Observation, ObservedPrice

# A run is rarely on the second; further away than this, a price is not of an hour or a day ago.
REACH_TOLERANCE = timedelta(minutes=5)

_HOUR, _DAY = timedelta(hours=1), timedelta(hours=24)

FURTHEST_BACK = _DAY + REACH_TOLERANCE
"""How far before a moment a price can be that a move starts from."""


class Horizon(Enum):
    """How far a move reaches back."""

    HOUR = _HOUR
    DAY = _DAY

    @property
    def label(self) -> str:
        """As specs and columns write it: ``1h``, ``24h``."""
        return f"{self.value // timedelta(hours=1)}h"


@dataclass(frozen=True, slots=True)
class PriceMoves:
    """Moves in percent up to one moment; None where nobody knows."""

    hour_percent: Decimal | None
    day_percent: Decimal | None

    def over(self, horizon: Horizon) -> Decimal | None:
        """The move over one of the two."""
        return self.hour_percent if horizon is Horizon.HOUR else self.day_percent


def price_moves(observation: Observation, history: Sequence[PricePoint]) -> PriceMoves:
    """The moves as the source gave them; a missing one from the pipeline's own ``history``.

    Args:
        observation: The moment in question.
        history: Prices by time, oldest first; may reach beyond the moment.
    """
    return moves_within(observation, [point.moment for point in history], [point.price for point in history])


def moves_within(
    observation: Observation | ObservedPrice, moments: Sequence[datetime], prices: Sequence[Decimal]
) -> PriceMoves:
    """The same, of a history whose times and prices are two sequences.

    Args:
        observation: The moment in question.
        moments: The history's times (UTC), oldest first; they may reach beyond the moment.
        prices: The price at each of them.
    """

    def move(given: Decimal | None, horizon: timedelta) -> Decimal | None:
        if given is not None:
            return given
        place = _nearest(moments, observation.moment - horizon)
        return None if place is None else percent_change(prices[place], observation.price)

    return PriceMoves(
        hour_percent=move(observation.change_1h_percent, _HOUR),
        day_percent=move(observation.change_24h_percent, _DAY),
    )


def moves_of_all(
    observations: Sequence[Observation | ObservedPrice],
    horizon: Horizon,
    moments: Sequence[datetime],
    prices: Sequence[Decimal],
) -> Iterator[Decimal | None]:
    """One of the two moves of each observation, the same as ``moves_within`` has it, in one pass.

    Args:
        observations: By time, each a part of the history.
        horizon: Which move.
        moments: Of the history, by time.
        prices: Of the history, place by place.
    """
    span, is_hour, place = horizon.value, horizon is Horizon.HOUR, 0
    for observation in observations:
        given = observation.change_1h_percent if is_hour else observation.change_24h_percent
        if given is not None:
            yield given
            continue
        start = observation.moment - span
        while moments[place] < start:
            place += 1
        nearest = place if moments[place] == start else _nearest(moments, start)
        yield None if nearest is None else percent_change(prices[nearest], observation.price)


def with_moves(observations: Sequence[ObservedPrice]) -> list[ObservedPrice]:
    """The same observations with the moves that the source left out, as far as they can be computed.

    What is made of either is the same; of these it costs less.

    Args:
        observations: All of a history, by time.
    """
    moments = [observation.moment for observation in observations]
    prices = [observation.price for observation in observations]
    moves = (moves_of_all(observations, horizon, moments, prices) for horizon in Horizon)
    return list(map(ObservedPrice._make, zip(moments, prices, *moves, strict=True)))


def _nearest(moments: Sequence[datetime], moment: datetime) -> int | None:
    """The place of the time closest to ``moment``, the earlier of two; None when none is close."""
    place = bisect_left(moments, moment)
    if place < len(moments) and moments[place] == moment:
        return place
    around = range(max(0, place - 1), min(len(moments), place + 1))
    nearest = min(around, key=lambda candidate: abs(moments[candidate] - moment), default=None)
    if nearest is None or abs(moments[nearest] - moment) > REACH_TOLERANCE:
        return None
    return nearest

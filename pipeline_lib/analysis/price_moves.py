"""Moves of the price over an hour and a day."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from enum import Enum

from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.observation import Observation

# Wide enough for the move from the least possible price to the greatest with its ten decimal places.
_ROUNDED = Context(prec=80)
_PLACES = Decimal("1e-10")

# A run is rarely on the second; further away than this, a price is not of an hour or a day ago.
REACH_TOLERANCE = timedelta(minutes=5)


class Horizon(Enum):
    """How far a move reaches back."""

    HOUR = timedelta(hours=1)
    DAY = timedelta(hours=24)

    @property
    def label(self) -> str:
        """As specs and columns write it: ``1h``, ``24h``."""
        return f"{self.value // timedelta(hours=1)}h"


@dataclass(frozen=True, slots=True)
class PriceMoves:
    """Moves in percent up to one moment; None where nobody knows."""

    hour_percent: Decimal | None
    day_percent: Decimal | None


def percent_change(before: Decimal, now: Decimal) -> Decimal:
    """The move from ``before`` to ``now`` in percent, to ten decimal places."""
    ratio = _ROUNDED.divide(_ROUNDED.subtract(now, before), before)
    return _ROUNDED.quantize(_ROUNDED.multiply(ratio, Decimal(100)), _PLACES)


def price_moves(observation: Observation, history: Sequence[PricePoint]) -> PriceMoves:
    """The moves as the source gave them; a missing one from the pipeline's own ``history``.

    Args:
        observation: The moment in question.
        history: Prices by time, oldest first; may reach beyond the moment.
    """
    return PriceMoves(
        hour_percent=price_move(observation, Horizon.HOUR, history),
        day_percent=price_move(observation, Horizon.DAY, history),
    )


def price_move(observation: Observation, horizon: Horizon, history: Sequence[PricePoint]) -> Decimal | None:
    """One of the two moves; None when neither the source nor the history knows it."""
    is_hour = horizon is Horizon.HOUR
    given = observation.change_1h_percent if is_hour else observation.change_24h_percent
    if given is not None:
        return given
    before = _nearest(history, observation.moment - horizon.value)
    return None if before is None else percent_change(before.price, observation.price)


def _nearest(history: Sequence[PricePoint], moment: datetime) -> PricePoint | None:
    place = bisect_left(history, moment, key=lambda point: point.moment)
    around = history[max(0, place - 1) : place + 1]
    point = min(around, key=lambda candidate: abs(candidate.moment - moment), default=None)
    return point if point is not None and abs(point.moment - moment) <= REACH_TOLERANCE else None

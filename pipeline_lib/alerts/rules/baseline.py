"""What lies in a window before a price: what that price is held against."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline_lib.alerts.rules.rule import multiple
from pipeline_lib.model.events import Reading
from pipeline_lib.model.observation import Observation, ObservedPrice
from pipeline_lib.specs import DeviationRule

# Of fewer prices neither centre nor spread says anything: two near each other make any third one far.
FEWEST_PRICES = 10
_FEWEST_FOR_SPREAD = 2


@dataclass(frozen=True, slots=True)
class Baseline:
    """Centre and spread of the prices before a point, in the currency of the prices."""

    centre: float
    spread: float


def prices_before(
    observations: Sequence[Observation | ObservedPrice], span: timedelta | int, after: datetime
) -> Iterator[tuple[Observation | ObservedPrice, Sequence[float]]]:
    """Each observation after ``after`` with the prices of its window before it, without its own.

    Args:
        observations: By time, oldest first, no moment twice.
        span: ``[moment - span, moment)``, or the number of observations before.
        after: A moment (UTC).
    """
    window: deque[tuple[datetime, float]] = deque()
    for observation in observations:
        if isinstance(span, int):
            while len(window) > span:
                window.popleft()
        else:
            while window and window[0][0] < observation.moment - span:
                window.popleft()
        if observation.moment > after:
            yield observation, [price for _, price in window]
        window.append((observation.moment, float(observation.price)))


def fewest_prices(span: timedelta | int) -> int:
    """How many prices a baseline needs; a window of fewer observations needs to be full."""
    return max(_FEWEST_FOR_SPREAD, min(FEWEST_PRICES, span)) if isinstance(span, int) else FEWEST_PRICES


def deviation(price: Decimal, baseline: Baseline, rule: DeviationRule) -> Reading | None:
    """How far a price lies from the centre, in spreads.

    The level is the lesser of two multiples: of the limit, and of the percentage that the distance must
    reach as well. So a coin that stood still, with no spread at all, has a level by the percentage alone.

    Args:
        price: The price under test.
        baseline: Of the window before it.
        rule: The limit in spreads, and the percentage.
    """
    distance = Decimal(float(price) - baseline.centre)
    percent = distance / Decimal(baseline.centre) * 100
    by_percent = multiple(percent, rule.minimum_percent) if rule.minimum_percent else None
    if not baseline.spread:
        # Any distance is infinitely many times no spread.
        return None if by_percent is None else Reading(by_percent, by_percent * rule.limit)
    value = distance / Decimal(baseline.spread)
    by_limit = multiple(value, rule.limit)
    return Reading(by_limit if by_percent is None else min(by_limit, by_percent, key=Decimal.copy_abs), value)

"""What every rule offers."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal
from typing import Protocol

from pipeline_lib.model.events import Reading, RuleInfo
from pipeline_lib.model.observation import Observation, ObservedPrice

# Rounded towards zero, a quotient reaches a whole number or a clear level only when the true one does.
_TOWARDS_ZERO = Context(prec=40, rounding=ROUND_DOWN)


class Rule(Protocol):
    """Measures observations against a threshold."""

    @property
    def info(self) -> RuleInfo:
        """What is measured, against what."""
        ...

    @property
    def identity(self) -> str:
        """All that its readings depend on beside the observations; another one makes another rule."""
        ...

    @property
    def lookback(self) -> timedelta | int:
        """How far before an observation its reading looks, in time or in observations."""
        ...

    def readings(
        self, observations: Sequence[Observation | ObservedPrice], after: datetime
    ) -> Iterator[tuple[datetime, Reading | None]]:
        """The moment and the reading of each observation after ``after``.

        A reading is None where nobody knows, which is neither calm nor abnormal.

        Args:
            observations: By time, oldest first, no moment twice; those up to ``after`` are what the first
                readings look back at.
            after: A moment (UTC).
        """
        ...


def multiple(value: Decimal, threshold: Decimal) -> Decimal:
    """``value`` in thresholds, so that it is 1 or more exactly when ``value`` reaches its threshold."""
    return _TOWARDS_ZERO.divide(value, threshold)

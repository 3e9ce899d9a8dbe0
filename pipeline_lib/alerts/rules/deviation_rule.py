"""What rules on the distance from the centre of a window have in common."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pipeline_lib.alerts.rules.baseline import Baseline, deviation, fewest_prices, prices_before
from pipeline_lib.model.events import Reading, RuleInfo
from pipeline_lib.model.observation import Observation, ObservedPrice
from pipeline_lib.specs import DeviationRule


@dataclass(frozen=True, slots=True)
class WindowDeviationRule:
    """How far a price lies from the centre of the window before it, in the window's own spread.

    Attributes:
        NAME: Of the rule; of its section in a spec, too.
        CENTRE: What the centre is called.
        limits: What the spec says.
    """

    NAME: ClassVar[str]
    CENTRE: ClassVar[str]

    limits: DeviationRule

    @property
    def info(self) -> RuleInfo:
        """What is measured, against what."""
        label = self.limits.window.label
        return RuleInfo(
            f"{self.NAME}_{label}", self.limits.limit, "deviations", f"from the {label} {self.CENTRE}"
        )

    @property
    def identity(self) -> str:
        """Window, limit and floor."""
        return f"{self.NAME} {self.limits.window.label} {self.limits.limit} {self.limits.minimum_percent}"

    @property
    def lookback(self) -> timedelta | int:
        """The window."""
        return self.limits.window.span

    def readings(
        self, observations: Sequence[Observation | ObservedPrice], after: datetime
    ) -> Iterator[tuple[datetime, Reading | None]]:
        """The readings after a moment, None where the baseline has too few prices."""
        fewest = fewest_prices(self.lookback)
        for observation, before in prices_before(observations, self.lookback, after):
            if len(before) < fewest:
                yield observation.moment, None
            else:
                baseline = self.baseline_of(before)
                yield observation.moment, deviation(observation.price, baseline, self.limits)

    @staticmethod
    @abstractmethod
    def baseline_of(prices: Sequence[float]) -> Baseline:
        """Centre and spread of at least two prices."""

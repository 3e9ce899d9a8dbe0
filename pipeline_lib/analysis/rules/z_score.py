"""The rule on the distance from the mean of a window, in standard deviations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum, sqrt

from pipeline_lib.analysis.rules.baseline import Baseline, deviation, fewest_prices, prices_before
from pipeline_lib.episode import Reading, Subject
from pipeline_lib.observation import Observation
from pipeline_lib.spec import DeviationRule, PipelineSpec


@dataclass(frozen=True, slots=True)
class ZScoreRule:
    """``(price - mean) / sample standard deviation``, both of the window before the price.

    The price under test is no part of its own baseline: there, |z| could never pass (n - 1) / sqrt(n).
    """

    limits: DeviationRule

    @classmethod
    def from_spec(cls, spec: PipelineSpec) -> "ZScoreRule | None":
        """The rule when the spec asks for it."""
        return cls(spec.alerts.z_score) if spec.alerts.z_score else None

    @property
    def subject(self) -> Subject:
        """What is measured, against what."""
        label = self.limits.window.label
        return Subject(f"z_score_{label}", self.limits.limit, "deviations", f"from the {label} mean")

    @property
    def identity(self) -> str:
        """Window, limit and floor."""
        return f"z_score {self.limits.window.label} {self.limits.limit} {self.limits.minimum_percent}"

    @property
    def reach(self) -> timedelta | int:
        """The window."""
        return self.limits.window.span

    def readings(
        self, observations: Sequence[Observation], after: datetime
    ) -> Iterator[tuple[datetime, Reading | None]]:
        """The readings after a moment, None where the baseline has too few prices."""
        fewest = max(2, fewest_prices(self.reach))
        for observation, before in prices_before(observations, self.reach, after):
            if len(before) < fewest:
                yield observation.moment, None
            else:
                yield observation.moment, deviation(observation.price, _baseline(before), self.limits)


def _baseline(prices: Sequence[float]) -> Baseline:
    # Two passes: a running sum of squares loses all digits after one bad tick.
    mean = fsum(prices) / len(prices)
    variance = fsum((price - mean) ** 2 for price in prices) / (len(prices) - 1)
    return Baseline(mean, sqrt(variance))

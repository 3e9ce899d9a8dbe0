"""The rule on the distance from the median of a window, in scaled median absolute deviations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from pipeline_lib.analysis.rules.baseline import Baseline, deviation, fewest_prices, prices_before
from pipeline_lib.episode import Reading, Subject
from pipeline_lib.observation import Observation
from pipeline_lib.spec import DeviationRule, PipelineSpec

# The standard deviation of a normal distribution in its median absolute deviations, 1 / Φ⁻¹(3/4).
SCALE = 1.4826


@dataclass(frozen=True, slots=True)
class RobustZScoreRule:
    """``(price - median) / (1.4826 · median absolute deviation)``, both of the window before the price.

    A few wild prices in the window move neither the median nor that deviation far, so they don't hide the
    next wild price (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993).
    """

    limits: DeviationRule

    @classmethod
    def from_spec(cls, spec: PipelineSpec) -> "RobustZScoreRule | None":
        """The rule when the spec asks for it."""
        return cls(spec.alerts.robust_z_score) if spec.alerts.robust_z_score else None

    @property
    def subject(self) -> Subject:
        """What is measured, against what."""
        label = self.limits.window.label
        return Subject(f"robust_z_score_{label}", self.limits.limit, "deviations", f"from the {label} median")

    @property
    def identity(self) -> str:
        """Window, limit and floor."""
        return f"robust_z_score {self.limits.window.label} {self.limits.limit} {self.limits.minimum_percent}"

    @property
    def reach(self) -> timedelta | int:
        """The window."""
        return self.limits.window.span

    def readings(
        self, observations: Sequence[Observation], after: datetime
    ) -> Iterator[tuple[datetime, Reading | None]]:
        """The readings after a moment, None where the baseline has too few prices."""
        fewest = fewest_prices(self.reach)
        for observation, before in prices_before(observations, self.reach, after):
            if len(before) < fewest:
                yield observation.moment, None
            else:
                centre = median(before)
                spread = SCALE * median(abs(price - centre) for price in before)
                yield observation.moment, deviation(observation.price, Baseline(centre, spread), self.limits)

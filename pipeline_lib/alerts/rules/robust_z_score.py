"""The rule on the distance from the median of a window, in scaled median absolute deviations."""

from collections.abc import Sequence
from statistics import median

from pipeline_lib.alerts.rules.baseline import Baseline
from pipeline_lib.alerts.rules.deviation_rule import WindowDeviationRule
from pipeline_lib.specs import SeriesSpec

# The standard deviation of a normal distribution in its median absolute deviations, 1 / Φ⁻¹(3/4).
SCALE = 1.4826


class RobustZScoreRule(WindowDeviationRule):
    """``(price - median) / (1.4826 · median absolute deviation)``, both of the window before the price.

    A few wild prices in the window move neither the median nor that deviation far, so they don't hide the
    next wild price (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993).
    """

    NAME = "robust_z_score"
    CENTRE = "median"

    @classmethod
    def from_spec(cls, spec: SeriesSpec) -> "RobustZScoreRule | None":
        """The rule when the spec asks for it."""
        return cls(spec.alerts.robust_z_score) if spec.alerts.robust_z_score else None

    @staticmethod
    def baseline_of(prices: Sequence[float]) -> Baseline:
        """Median and scaled median absolute deviation."""
        centre = median(prices)
        return Baseline(centre, SCALE * median(abs(price - centre) for price in prices))

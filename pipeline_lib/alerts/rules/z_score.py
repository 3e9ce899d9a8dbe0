"""The rule on the distance from the mean of a window, in standard deviations."""

from collections.abc import Sequence
from math import fsum, sqrt

from pipeline_lib.alerts.rules.baseline import Baseline
from pipeline_lib.alerts.rules.deviation_rule import WindowDeviationRule
from pipeline_lib.specs import SeriesSpec


class ZScoreRule(WindowDeviationRule):
    """``(price - mean) / sample standard deviation``, both of the window before the price.

    The price under test is no part of its own baseline: there, |z| could never pass (n - 1) / sqrt(n).
    """

    NAME = "z_score"
    CENTRE = "mean"

    @classmethod
    def from_spec(cls, spec: SeriesSpec) -> "ZScoreRule | None":
        """The rule when the spec asks for it."""
        return cls(spec.alerts.z_score) if spec.alerts.z_score else None

    @staticmethod
    def baseline_of(prices: Sequence[float]) -> Baseline:
        """Mean and sample standard deviation."""
        # Two passes: a running sum of squares loses all digits after one bad tick.
        mean = fsum(prices) / len(prices)
        variance = fsum((price - mean) ** 2 for price in prices) / (len(prices) - 1)
        return Baseline(mean, sqrt(variance))

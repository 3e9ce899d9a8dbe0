"""The rules on the move of the price over an hour and over a day."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline_lib.alerts.rules.rule import multiple
from pipeline_lib.analysis.price_moves import REACH_TOLERANCE, Horizon, moves_of_all
from pipeline_lib.model.events import Reading, RuleInfo
from pipeline_lib.model.observation import Observation, ObservedPrice
from pipeline_lib.specs import SeriesSpec


@dataclass(frozen=True, slots=True)
class _MoveRule:
    """A move in percent, up or down, as the source gives it, or else from the pipeline's own prices."""

    horizon: Horizon
    threshold: Decimal

    @property
    def info(self) -> RuleInfo:
        return RuleInfo(self.horizon.label, self.threshold, "%", f"in {self.horizon.label}")

    @property
    def identity(self) -> str:
        return f"move {self.horizon.label} {self.threshold.normalize():f}"

    @property
    def lookback(self) -> timedelta:
        return self.horizon.value + REACH_TOLERANCE

    def readings(
        self, observations: Sequence[Observation | ObservedPrice], after: datetime
    ) -> Iterator[tuple[datetime, Reading | None]]:
        moments = [observation.moment for observation in observations]
        prices = [observation.price for observation in observations]
        first, threshold = bisect_right(moments, after), self.threshold
        changes = moves_of_all(observations[first:], self.horizon, moments, prices)
        for moment, change in zip(moments[first:], changes, strict=True):
            yield moment, None if change is None else Reading(multiple(change, threshold), change)


class HourMoveRule(_MoveRule):
    """The move over an hour."""

    @classmethod
    def from_spec(cls, spec: SeriesSpec) -> "HourMoveRule | None":
        """Every spec has this rule."""
        return cls(Horizon.HOUR, spec.thresholds.move_1h_percent)


class DayMoveRule(_MoveRule):
    """The move over 24 hours."""

    @classmethod
    def from_spec(cls, spec: SeriesSpec) -> "DayMoveRule | None":
        """Every spec has this rule."""
        return cls(Horizon.DAY, spec.thresholds.move_24h_percent)

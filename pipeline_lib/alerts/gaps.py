"""Gaps in a series: after one that is longer than a rule looks back, nobody knows what went on in it."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_lib.specs import Schedule
from pipeline_lib.specs.schedules.moments import moments_between

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class GapLimit:
    """How long a rule's series may be without an observation.

    Attributes:
        lookback: How far before an observation the rule looks, in time or in observations; the latter count
            for as long as the last so many of them took.
        schedule: Of the pipeline; between two of its moments there is no gap, however far apart they lie.
        absences: Moments (UTC) at which the coin didn't belong to the pipeline, by time: nobody knows what
            went on then, however short it was.
    """

    lookback: timedelta | int
    schedule: Schedule
    absences: Sequence[datetime] = ()

    def is_exceeded(self, before: deque[datetime], moment: datetime) -> bool:
        """Whether a gap that is too long lies before a moment.

        Args:
            before: What :meth:`recent` keeps of the moments of the observations before (UTC).
            moment: Of the observation after them (UTC).
        """
        if not before:
            # Those before were looked for as far back as the rule looks.
            return True
        last = before[-1]
        if self.absences and bisect_right(self.absences, last) < bisect_left(self.absences, moment):
            return True
        longest = self.lookback if isinstance(self.lookback, timedelta) else last - before[0]
        return moment - last > longest and self._misses_a_moment(last, moment)

    def recent(self, moments: Iterable[datetime]) -> deque[datetime]:
        """The last of the moments, as many as it takes to tell a gap."""
        return deque(moments, 1 if isinstance(self.lookback, timedelta) else self.lookback)

    def _misses_a_moment(self, last: datetime, moment: datetime) -> bool:
        between = moments_between(self.schedule, last + _SECOND, moment - _SECOND)
        return next(between, None) is not None

"""The moments that schedules ask for in the last days, beside those that have an observation."""

from collections.abc import Collection
from datetime import datetime, timedelta

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.specs import PipelineSpec, Schedule
from pipeline_lib.specs.schedules.moments import last_moment, moments_between

LOOKBACK = timedelta(days=7)
"""How far back gaps, refused answers and undelivered events are looked for."""

LONGEST_RUN = timedelta(hours=1)
"""How long after its moment a run may end where no deadline is set: no task waits for longer."""


class DueMoments:
    """What schedules ask for; each schedule is worked out once, however many pipelines have it."""

    def __init__(self, now: datetime, longest_run: timedelta) -> None:
        """Work out nothing yet.

        Args:
            now: The real clock (UTC).
            longest_run: How long after its moment a run may end.
        """
        self.since = now - LOOKBACK
        """Moments before it are looked at no more (UTC)."""
        self._now = now
        self._ended_by = now - longest_run
        self._due: dict[Schedule, frozenset[str]] = {}
        self._missing: dict[tuple[Schedule, str], list[str]] = {}
        self._awaited: dict[Schedule, datetime | None] = {}

    def awaited(self, spec: PipelineSpec) -> datetime | None:
        """The newest moment whose run should have ended (UTC); None when there is none."""
        schedule = spec.schedule
        if schedule not in self._awaited:
            self._awaited[schedule] = last_moment(schedule, self._ended_by)
        moment = self._awaited[schedule]
        return moment if moment and moment >= spec.start_date else None

    def find_gaps(self, spec: PipelineSpec, first: datetime, observed: str) -> list[datetime]:
        """The moments without an observation between two that have one (UTC), by time.

        Args:
            spec: The pipeline.
            first: Moment of the first observation of all (UTC).
            observed: Those since ``since``, as ``format_moment`` writes them, with spaces between.
        """
        if not observed:
            return []
        # Most pipelines of a schedule have the same moments.
        key = (spec.schedule, observed)
        if key not in self._missing:
            self._missing[key] = self._find_missing(spec.schedule, observed.split())
        begin = format_moment(first)
        return [parse_moment(moment) for moment in self._missing[key] if moment > begin]

    def _find_missing(self, schedule: Schedule, observed: Collection[str]) -> list[str]:
        if schedule not in self._due:
            due = moments_between(schedule, self.since, self._now)
            self._due[schedule] = frozenset(map(format_moment, due))
        end = max(observed)
        return sorted(moment for moment in self._due[schedule].difference(observed) if moment < end)

"""Backfill: the past of a pipeline, moment by moment, from CoinGecko's history."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from pipeline_lib.errors import (
    CallQuotaError,
    HistoryNotReadyError,
    InvalidQuoteError,
    MarketUnavailableError,
    SnapshotDamagedError,
)
from pipeline_lib.model.outcome import Outcome, Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.backfilling.plan import BackfillPlan
from pipeline_lib.steps.compute import compute_moving_average
from pipeline_lib.steps.fetching.fetch import fetch_and_save_price
from pipeline_lib.steps.run import Run, Services, Step
from pipeline_lib.steps.upload import upload_processed_csv_to_s3, upload_raw_to_s3

# What is wrong with one moment is not wrong with the next; anything else would only come again.
_OF_ONE_MOMENT = (HistoryNotReadyError, InvalidQuoteError, SnapshotDamagedError)
# What says when to ask again.
_OF_THE_QUOTA = (CallQuotaError, MarketUnavailableError)
_LONGEST_WAIT_SECONDS = 3600.0

DERIVING_STEPS: tuple[Step, ...] = (compute_moving_average, upload_raw_to_s3, upload_processed_csv_to_s3)
"""What follows once from all that was filled in, at the last moment that has a price."""

Wait: TypeAlias = Callable[[float, str], None]
"""Waits for some seconds, for a reason that people can read."""


class FillStatus(Enum):
    """What became of a moment."""

    OBSERVED = "observed"
    """It has an observation now."""
    ARCHIVED = "archived"
    """It had one already."""
    GAP = "gap"
    """CoinGecko has no price of it."""
    FAILED = "failed"
    """Its price can't be had or read now."""


@dataclass(frozen=True, slots=True)
class FilledMoment:
    """One moment of a backfill.

    Attributes:
        moment: The moment (UTC).
        status: What became of it.
        reason: Why it failed, or an empty string.
        warnings: What people should know of it.
    """

    moment: datetime
    status: FillStatus
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class BackfillSummary:
    """What has become of all moments so far.

    Attributes:
        moments: The moments (UTC) by what became of them.
        failures: Why moments failed.
        warnings: Each warning once.
    """

    moments: dict[FillStatus, list[datetime]] = field(
        default_factory=lambda: {status: [] for status in FillStatus}
    )
    failures: dict[datetime, str] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)

    def add(self, filled: FilledMoment) -> None:
        """Count one more moment."""
        self.moments[filled.status].append(filled.moment)
        self.warnings.update(dict.fromkeys(filled.warnings))
        if filled.status is FillStatus.FAILED:
            self.failures[filled.moment] = filled.reason

    @property
    def count(self) -> int:
        """How many moments there were so far."""
        return sum(map(len, self.moments.values()))

    @property
    def last_with_price(self) -> datetime | None:
        """The newest moment (UTC) that has an observation, or None."""
        return max(self.moments[FillStatus.OBSERVED] + self.moments[FillStatus.ARCHIVED], default=None)


def fill_in(plan: BackfillPlan, services: Services, wait: Wait) -> Iterator[FilledMoment]:
    """Fetch and record each moment of a plan, oldest first; what is there already is left as it is.

    Args:
        plan: The pipeline and its moments.
        services: How to reach the world.
        wait: How to wait for as long as CoinGecko, or its quota, asks for: at most an hour for a moment.

    Raises:
        CoinPipelinesError: Something fails that would fail for the other moments, too.
        OSError: The disk is full or read-only.
    """
    # A run is bounded so that it points to this command.
    services = replace(services, settings=replace(services.settings, history_calls_per_run=None))
    there = [moment for moment in plan.moments if moment not in plan.missing]
    # With the last one, what a killed process left undone of any is done.
    untouched = frozenset(there[:-1]) - plan.unrecorded
    for moment in plan.moments:
        if moment in untouched:
            yield FilledMoment(moment, FillStatus.ARCHIVED)
            continue
        run = Run(moment, is_backfill=True, history_since=plan.history_since)
        try:
            outcome = _fetch_patiently(plan.spec, run, services, wait)
        except _OF_ONE_MOMENT as error:
            yield FilledMoment(moment, FillStatus.FAILED, str(error))
            continue
        if isinstance(outcome, Skipped):
            yield FilledMoment(moment, FillStatus.GAP)
            continue
        status = FillStatus.OBSERVED if moment in plan.missing else FillStatus.ARCHIVED
        yield FilledMoment(moment, status, warnings=outcome.warnings)


def _fetch_patiently(spec: PipelineSpec, run: Run, services: Services, wait: Wait) -> Outcome:
    waited = 0.0
    while True:
        try:
            return fetch_and_save_price(spec, run, services)
        except _OF_THE_QUOTA as error:
            seconds = error.retry_after
            if seconds is None or waited + seconds > _LONGEST_WAIT_SECONDS:
                raise
            services.database.close()
            wait(seconds, error.message)
            waited += seconds

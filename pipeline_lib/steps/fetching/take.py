"""The price of the run's moment: the current quote, or history once the market has gone on."""

from datetime import datetime

from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.errors import MomentMismatchError
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.schedules.moments import moments_between
from pipeline_lib.steps.fetching.live import Taken, take_live_snapshot
from pipeline_lib.steps.fetching.past import has_history_at_hand, take_past_snapshot
from pipeline_lib.steps.run import Run, Services


def take_snapshot(spec: PipelineSpec, run: Run, services: Services) -> Taken:
    """Take the current quote for a run that is due now, history for all others.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        MarketError: The market has no observation for this run, or one that can't be true.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    if run.is_backfill or has_history_at_hand(spec, run, services):
        return Taken(take_past_snapshot(spec, run, services))
    try:
        return take_live_snapshot(spec, run, services)
    except MomentMismatchError as error:
        # The quote's own time decides: a moment that it hasn't reached has no history either.
        if parse_moment(error.last_updated) < run.moment:
            raise
    return Taken(take_past_snapshot(spec, run, services), warnings=_warn_if_due(spec, run, services))


def _warn_if_due(spec: PipelineSpec, run: Run, services: Services) -> tuple[str, ...]:
    """What operators should know where history is taken although no later run is due yet."""
    if not _is_due_now(spec, run, services.now()):
        return ()
    # The same text each time, so that operators are notified once a day.
    warning = (
        f"{spec.name}: the price of the newest moment comes from history: CoinGecko's quote is later than"
        " quality.max_age allows (do runs start late, or is this machine's clock wrong?)"
    )
    return (warning,)


def _is_due_now(spec: PipelineSpec, run: Run, now: datetime) -> bool:
    """Whether the run's moment has hardly passed, or is the newest of its schedule."""
    if now - run.moment <= spec.quality.max_age:
        return True
    moments = moments_between(spec.schedule, run.moment, now)
    return next(moments, None) == run.moment and next(moments, None) is None

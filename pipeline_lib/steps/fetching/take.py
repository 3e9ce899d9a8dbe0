"""The prices of the run's moment: current quotes, or history once the market has gone on."""

from collections.abc import Collection
from datetime import datetime

from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.errors import MarketError, MomentMismatchError
from pipeline_lib.specs import PipelineSpec, TopCoins
from pipeline_lib.specs.schedules.moments import moments_between
from pipeline_lib.steps.fetching.live import take_live, take_live_top
from pipeline_lib.steps.fetching.past import coins_with_history, take_past_snapshot
from pipeline_lib.steps.fetching.taken import Taken
from pipeline_lib.steps.run import Run, Services


def take(spec: PipelineSpec, run: Run, services: Services, coins: Collection[str]) -> Taken:
    """Take current quotes for a run that is due now, history for all others.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        coins: CoinGecko ids.

    Returns:
        What came of each coin.

    Raises:
        WaitNeededError: CoinGecko is to be asked later.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    past = frozenset(coins) if run.is_backfill else coins_with_history(spec, run, services, coins)
    taken = _take_past(spec, run, services, past)
    current = [coin for coin in coins if coin not in past]
    if not current:
        return taken
    return taken.joined(_or_past(spec, run, services, take_live(spec, run, services, current)))


def take_top(spec: PipelineSpec, run: Run, services: Services, top: TopCoins) -> Taken:
    """Take the coins of the greatest market caps for a run of which nothing is archived yet.

    The market tells who they are as it stands; their prices are those of the run's moment.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        top: Which ranks.

    Returns:
        What came of each coin.

    Raises:
        MarketError: The list can't be had.
        WaitNeededError: CoinGecko is to be asked later.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    return _or_past(spec, run, services, take_live_top(spec, run, services, top))


def _or_past(spec: PipelineSpec, run: Run, services: Services, taken: Taken) -> Taken:
    """What was taken, with history of the coins whose quotes are of a later time than the run's."""
    # The quote's own time decides: a moment that it hasn't reached has no history either.
    late = [
        coin
        for coin, error in taken.refused.items()
        if isinstance(error, MomentMismatchError) and parse_moment(error.last_updated) >= run.moment
    ]
    if not late:
        return taken
    past = _take_past(spec, run, services, late)
    warned = Taken(warnings=_warn_if_due(spec, run, services) if past.snapshots else ())
    return taken.joined(past).joined(warned)


def _take_past(spec: PipelineSpec, run: Run, services: Services, coins: Collection[str]) -> Taken:
    snapshots, refused = {}, {}
    for coin in sorted(coins):
        try:
            snapshots[coin] = take_past_snapshot(spec.of_coin(coin), run, services)
        except MarketError as error:
            refused[coin] = error
    return Taken(snapshots, refused)


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

"""A second look at a price that seems too far from the one before it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from pipeline_lib.archive.snapshots import Snapshot
from pipeline_lib.market import CoinGecko
from pipeline_lib.market.quality import Jump
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.fetching.live import TakenSnapshot
from pipeline_lib.steps.run import Run, Services

TakeSnapshot: TypeAlias = Callable[[PipelineSpec, Run, Services], TakenSnapshot]

# CoinGecko answers the same for 45 to 60 s.
_SECONDS_UNTIL_A_NEW_QUOTE = 65.0
_TOLERANCE_AFTER_A_MINUTE_PERCENT = Decimal(5)
_STEP_TO_THE_NEXT_POINT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a second look saw.

    Attributes:
        observation: A later price of the coin.
        tolerance_percent: How far it may be from the first price and still tell of the same move.
    """

    observation: Observation
    tolerance_percent: Decimal

    def confirms(self, first: Observation, jump: Jump) -> bool:
        """Whether it tells of the same move; the same price of the same time tells nothing new."""
        is_later = self.observation.last_updated > first.last_updated
        return is_later and jump.is_confirmed_by(self.observation.price, self.tolerance_percent)


def confirm_jump(
    spec: PipelineSpec, run: Run, services: Services, take: TakeSnapshot, first: Snapshot
) -> SecondLook:
    """Ask once more, so that the answer is another one.

    A current quote is asked for anew once CoinGecko's cache has passed, which takes about a minute. The past
    answers the same however often it is asked; there, the price an hour later shows what came of the move,
    and may differ from the first by as much as ``quality.max_jump`` allows between any two.

    Raises:
        MarketError: There is no usable answer.
        StoreError: What ``take`` raises.
        OSError: The disk is full or read-only.
    """
    if first.provenance.is_historic:
        later = replace(run, moment=run.moment + _STEP_TO_THE_NEXT_POINT)
        return SecondLook(take(spec, later, services).snapshot.observation, spec.quality.max_jump_percent)
    services.sleep(_SECONDS_UNTIL_A_NEW_QUOTE)
    market = CoinGecko(services.open_transport(), services.now)
    # Whether it is of the run's moment is no question here.
    observation, _ = market.observe(spec.coin, spec.vs_currency, run.moment, timedelta.max)
    return SecondLook(observation, _TOLERANCE_AFTER_A_MINUTE_PERCENT)

"""The observation of a run that is due now: CoinGecko's current quote."""

from pipeline_lib.market import CoinGecko
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.steps.run import Access, Run
from pipeline_lib.store.snapshots import Snapshot


def take_live_snapshot(spec: PipelineSpec, run: Run, access: Access) -> Snapshot:
    """Take the current quote as the run's observation.

    Raises:
        MomentMismatchError: The quote is not of the run's moment.
        MarketError: There is no usable quote.
    """
    market = CoinGecko(access.open_transport(), access.now)
    return Snapshot(*market.observe(spec.coin, spec.vs_currency, run.moment, spec.quality.max_age))

"""The first step: the run's observation, from the market into the archive and the raw log."""

from pipeline_lib.market import CoinGecko
from pipeline_lib.observation import Observation
from pipeline_lib.outcome import Done, Outcome
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.steps.quality import take_checked_snapshot
from pipeline_lib.steps.run import Access, Run
from pipeline_lib.store import raw_log
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.snapshots import (
    Snapshot,
    complete_snapshot,
    find_snapshot,
    read_snapshot,
    write_snapshot,
)
from pipeline_lib.timestamps import format_moment


def fetch_and_save_price(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Take the run's observation from the market, archive it, append it to the raw log.

    When the archive holds the run's observation already, that one is used and nothing is fetched.

    Raises:
        MarketError: The market has no observation for this run, or one that can't be true.
        StoreError: The archive or the log is damaged, or busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, access.settings)
    archived = find_snapshot(layout, run.moment)
    warnings: tuple[str, ...] = ()
    if archived is None:
        checked = take_checked_snapshot(spec, run, access, _take_snapshot)
        write_snapshot(layout, checked.snapshot)
        warnings = checked.warnings
        # Another process may have been first; what the archive holds is the observation.
        archived = read_snapshot(layout, run.moment)
    complete_snapshot(layout, archived.observation)
    appended = raw_log.append(layout.raw_log, archived.observation)
    return Done(f"{_describe(archived.observation)}{'' if appended else ', as archived before'}", warnings)


def _take_snapshot(spec: PipelineSpec, run: Run, access: Access) -> Snapshot:
    market = CoinGecko(access.open_transport(), access.now)
    return Snapshot(*market.observe(spec.coin, spec.vs_currency, run.moment, spec.quality.max_age))


def _describe(observation: Observation) -> str:
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    return f"{observation.coin} {price} at {format_moment(observation.moment)}"

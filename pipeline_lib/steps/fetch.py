"""The first step: the run's observation, from the market into the archive and the raw log."""

from pipeline_lib.observation import Observation
from pipeline_lib.outcome import Done, Outcome
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.steps.live import take_live_snapshot
from pipeline_lib.steps.run import Access, Run
from pipeline_lib.store import raw_log
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.snapshots import (
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
        MarketError: The market has no observation for this run.
        StoreError: The archive or the log is damaged, or busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, access.settings)
    archived = find_snapshot(layout, run.moment)
    waited = 0.0
    if archived is None:
        live = take_live_snapshot(spec, run, access)
        write_snapshot(layout, live.snapshot)
        waited = live.waited_seconds
        # Another process may have been first; what the archive holds is the observation.
        archived = read_snapshot(layout, run.moment)
    complete_snapshot(layout, archived.observation)
    appended = raw_log.append(layout.raw_log, archived.observation)
    notes = ("" if appended else ", as archived before") + _describe_wait(waited)
    return Done(_describe(archived.observation) + notes)


def _describe(observation: Observation) -> str:
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    return f"{observation.coin} {price} at {format_moment(observation.moment)}"


def _describe_wait(seconds: float) -> str:
    return f", after waiting {seconds:.0f} s for the shared answer" if seconds >= 1 else ""

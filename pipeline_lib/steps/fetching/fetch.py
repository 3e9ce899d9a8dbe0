"""The first step: the run's observation, from the market into the archive and the raw log."""

from pipeline_lib.archive.snapshots import (
    Snapshot,
    complete_snapshot,
    find_snapshot,
    read_snapshot,
    write_snapshot,
)
from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.errors import HistoryGapError, MomentMismatchError
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.live import TakenSnapshot, take_live_snapshot
from pipeline_lib.steps.fetching.past import has_history_at_hand, take_past_snapshot
from pipeline_lib.steps.fetching.quality import take_checked_snapshot
from pipeline_lib.steps.fetching.record import record
from pipeline_lib.steps.run import Run, Services


def fetch_and_save_price(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Take the run's observation from the market, archive it, enter it into manifest and raw log.

    When the archive holds the run's observation already, that one is used and nothing is fetched. Where the
    source has no price of the run's moment, the run is skipped: it never will.

    Raises:
        MarketError: The market has no observation for this run, or one that can't be true.
        StoreError: The archive or the log is damaged, or busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    archived = find_snapshot(layout, run.moment)
    warnings: tuple[str, ...] = ()
    waited = 0.0
    if archived is None:
        try:
            checked = take_checked_snapshot(spec, run, services, _take_snapshot)
        except HistoryGapError as error:
            return Skipped(str(error))
        write_snapshot(layout, checked.taken.snapshot)
        warnings, waited = checked.warnings, checked.taken.waited_seconds
        # Another process may have been first; what the archive holds is the observation.
        archived = read_snapshot(layout, run.moment)
    complete_snapshot(layout, archived.observation)
    appended = record(layout, archived.observation)
    notes = ("" if appended else ", as archived before") + _describe_wait(waited)
    return Done(_describe(archived) + notes, warnings)


def _take_snapshot(spec: PipelineSpec, run: Run, services: Services) -> TakenSnapshot:
    """The live quote for a run that is due now, history for all others."""
    if run.is_backfill or has_history_at_hand(spec, run, services):
        return TakenSnapshot(take_past_snapshot(spec, run, services))
    try:
        return take_live_snapshot(spec, run, services)
    except MomentMismatchError as error:
        # The quote's own time decides: a moment that it hasn't reached has no history either.
        if parse_moment(error.last_updated) < run.moment:
            raise
    return TakenSnapshot(take_past_snapshot(spec, run, services))


def _describe(snapshot: Snapshot) -> str:
    observation = snapshot.observation
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    source = f", from history: the price of {format_moment(observation.last_updated)}"
    return (
        f"{observation.coin} {price} at {format_moment(observation.moment)}"
        f"{source if snapshot.provenance.is_historic else ''}"
    )


def _describe_wait(seconds: float) -> str:
    return f", after waiting {seconds:.0f} s for the shared answer" if seconds >= 1 else ""

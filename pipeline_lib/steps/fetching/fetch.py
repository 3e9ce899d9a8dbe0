"""The first step: the run's observation, from the market into the archive and the raw log.

Take → check → confirm → archive → record: a part may use those before it, never one after it.
"""

from pipeline_lib.archive.snapshots import complete_snapshot, find_snapshot, write_snapshot
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import HistoryGapError, TableDamagedError, UnusableAnswerError
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.exports import export_raw_log
from pipeline_lib.steps.fetching.check import find_large_move
from pipeline_lib.steps.fetching.confirm_jump import confirm_jump
from pipeline_lib.steps.fetching.record import list_in_manifests, record_in_database
from pipeline_lib.steps.fetching.refused import keep_refused
from pipeline_lib.steps.fetching.response_shapes import notice_shape
from pipeline_lib.steps.fetching.take import take_snapshot
from pipeline_lib.steps.run import Run, Services


def fetch_and_save_price(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Take the run's observation from the market, archive it, enter it into manifest and raw log.

    When the archive holds the run's observation already, that one is used and nothing is fetched. Where the
    source has no price of the run's moment, the run is skipped: it never will. What is refused is kept in the
    quarantine; the error tells where.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        MarketError: The market has no observation for this run, or one that can't be true.
        StoreError: The archive or the log is damaged, or busy for too long.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    archived = find_snapshot(layout, run.moment)
    if archived is not None:
        complete_snapshot(layout, archived.observation)
        return Done(*_record(spec, run, services, archived))
    try:
        taken = take_snapshot(spec, run, services)
        warnings = _check(spec, run, services, taken.snapshot)
    except HistoryGapError as error:
        return Skipped(str(error))
    except UnusableAnswerError as error:
        keep_refused(spec, run.moment, layout, error)
        raise
    warnings += notice_shape(services.settings.data_dir, taken.snapshot.provenance)
    kept = write_snapshot(layout, taken.snapshot)
    summary, file_warnings = _record(spec, run, services, kept)
    return Done(summary + _describe_wait(taken.waited_seconds), warnings + file_warnings)


def _check(spec: PipelineSpec, run: Run, services: Services, snapshot: Snapshot) -> tuple[str, ...]:
    """Let a price pass only if it can follow the one before it; what operators should know about that."""
    log = Layout.of(spec.name, services.settings).raw_log
    try:
        move = find_large_move(log, snapshot.observation, spec.quality.max_jump_percent)
    except TableDamagedError as error:
        # A log can be rebuilt from the archive; an hour that isn't archived is gone.
        return (f"{spec.name}: the move since the price before could not be checked: {error}",)
    if move is None:
        return ()
    return (f"{spec.name}: {confirm_jump(spec, run, services, snapshot, move)}",)


def _record(
    spec: PipelineSpec, run: Run, services: Services, snapshot: Snapshot
) -> tuple[str, tuple[str, ...]]:
    """Enter what the archive holds into database, manifest and raw log: a line about it, and warnings."""
    is_new = record_in_database(spec, run, services, snapshot)
    list_in_manifests(spec, services)
    warnings = export_raw_log(spec, services)
    return _describe(snapshot) + ("" if is_new else ", as archived before"), warnings


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

"""The first step: the run's observation, from the market into the archive and the raw log.

Take → check → confirm → archive → record: a part may use those before it, never one after it.
"""

from pipeline_lib.archive.snapshots import complete_snapshot, find_snapshot, write_snapshot
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import HistoryGapError, UnusableAnswerError
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.check import find_large_move
from pipeline_lib.steps.fetching.confirm_jump import confirm_jump
from pipeline_lib.steps.fetching.record import record, record_in_database
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
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    services.database.prepare()
    archived = find_snapshot(layout, run.moment)
    if archived is not None:
        complete_snapshot(layout, archived.observation)
        return Done(_record(spec, run, services, archived))
    try:
        taken = take_snapshot(spec, run, services)
        warnings = taken.warnings + _check(spec, run, services, taken.snapshot)
    except HistoryGapError as error:
        return Skipped(str(error))
    except UnusableAnswerError as error:
        keep_refused(spec, run, services, error)
        raise
    warnings += notice_shape(services, taken.snapshot.provenance)
    kept = write_snapshot(layout, taken.snapshot)
    return Done(_record(spec, run, services, kept) + _describe_wait(taken.waited_seconds), warnings)


def _check(spec: PipelineSpec, run: Run, services: Services, snapshot: Snapshot) -> tuple[str, ...]:
    """Let a price pass only if it can follow the one before it; what operators should know about that."""
    with services.database.reading() as connection:
        move = find_large_move(connection, spec.name, snapshot.observation, spec.quality.max_jump_percent)
    if move is None:
        return ()
    return (f"{spec.name}: {confirm_jump(spec, run, services, snapshot, move)}",)


def _record(spec: PipelineSpec, run: Run, services: Services, snapshot: Snapshot) -> str:
    """Enter what the archive holds into database, manifest and raw log, and say so in one line."""
    record_in_database(spec, run, services, snapshot)
    appended = record(Layout.of(spec.name, services.settings), snapshot.observation)
    return _describe(snapshot) + ("" if appended else ", as archived before")


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

"""The first step: the run's observation, from the market into the archive and the raw log.

Take → check → confirm → archive → record: a part may use those before it, never one after it.
"""

from pipeline_lib.archive.parts import find_snapshot, read_parts
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import HistoryCallsError, HistoryGapError, UnusableAnswerError
from pipeline_lib.model.observation import Archived, Snapshot
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.exports import export_raw_log
from pipeline_lib.steps.fetching.check import find_large_move
from pipeline_lib.steps.fetching.confirm_jump import confirm_jump
from pipeline_lib.steps.fetching.record import archive_snapshots, open_archive, record
from pipeline_lib.steps.fetching.refused import keep_refused
from pipeline_lib.steps.fetching.response_shapes import notice_shape
from pipeline_lib.steps.fetching.take import take_snapshot
from pipeline_lib.steps.run import Run, Services


def fetch_and_save_price(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Take the run's observation from the market, archive it, record it.

    When the archive holds the run's observation already, that one is used and nothing is fetched. Where the
    source has no price of the run's moment, the run is skipped: it never will. So is a run that would need
    more calls for the past than it may make, with a warning. What is refused is kept in the quarantine; the
    error tells where.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        MarketError: The market has no observation for this run, or one that can't be true.
        StoreError: The archive or the log is damaged, or busy for too long.
        DatabaseError: The database can't be used, or another one keeps the archive.
        OSError: The disk is full or read-only.
    """
    archived = read_parts(open_archive(spec, services), run.moment)
    kept = find_snapshot(archived, spec.coin, spec.vs_currency)
    if kept is not None:
        is_new = record(spec, run, services, archived)
        return Done(_describe(kept, is_new=is_new), export_raw_log(spec, services))
    try:
        taken = take_snapshot(spec, run, services)
        warnings = taken.warnings + _check(spec, run, services, taken.snapshot)
    except HistoryGapError as error:
        return Skipped(str(error))
    except HistoryCallsError as error:
        return Skipped(str(error), warnings=(str(error),))
    except UnusableAnswerError as error:
        keep_refused(spec, run, services, error)
        raise
    warnings += notice_shape(services, taken.snapshot.provenance)
    archived = archive_snapshots(spec, services, [taken.snapshot])
    is_new = record(spec, run, services, archived)
    warnings += export_raw_log(spec, services)
    # Another process may have been faster: what it archived counts.
    kept = find_snapshot(archived, spec.coin, spec.vs_currency) or taken.snapshot
    return Done(_describe(kept, is_new=is_new) + _describe_wait(taken.waited_seconds), warnings)


def _check(spec: PipelineSpec, run: Run, services: Services, snapshot: Snapshot) -> tuple[str, ...]:
    """Let a price pass only if it can follow the one before it; what operators should know about that."""
    with services.database.reading() as connection:
        move = find_large_move(connection, spec.name, snapshot.observation, spec.quality.max_jump_percent)
    if move is None:
        return ()
    return (f"{spec.name}: {confirm_jump(spec, run, services, snapshot, move)}",)


def _describe(snapshot: Archived, *, is_new: bool) -> str:
    observation = snapshot.observation
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    source = f", from history: the price of {format_moment(observation.last_updated)}"
    return (
        f"{observation.coin} {price} at {format_moment(observation.moment)}"
        f"{source if snapshot.provenance.is_historic else ''}{'' if is_new else ', as archived before'}"
    )


def _describe_wait(seconds: float) -> str:
    return f", after waiting {seconds:.0f} s for the shared answer" if seconds >= 1 else ""

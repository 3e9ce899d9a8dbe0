"""The first step: the run's observations, from the market into the archive and the raw log.

Take → check → confirm → archive → record: a part may use those before it, never one after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline_lib.alerts.messages.wording import move_text
from pipeline_lib.archive.part import Part
from pipeline_lib.archive.parts import read_parts
from pipeline_lib.archive.store import Archive
from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import HistoryCallsError, HistoryGapError, MarketError
from pipeline_lib.market import join_sources
from pipeline_lib.model.observation import Archived
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.specs import PipelineSpec, TopCoins
from pipeline_lib.steps.exports import export_raw_log
from pipeline_lib.steps.fetching.check import find_large_moves
from pipeline_lib.steps.fetching.confirm_jumps import Unconfirmed, confirm_jumps
from pipeline_lib.steps.fetching.members import members_of, members_of_nearest
from pipeline_lib.steps.fetching.record import archive_snapshots, open_archive, record
from pipeline_lib.steps.fetching.refused import keep_refused
from pipeline_lib.steps.fetching.response_shapes import notice_shapes
from pipeline_lib.steps.fetching.take import take, take_top
from pipeline_lib.steps.fetching.taken import Taken
from pipeline_lib.steps.fetching.unconfirmed import find_unconfirmed
from pipeline_lib.steps.run import Run, Services

_MOST_LISTED = 20


def fetch_and_save_price(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Take the run's observations from the market, archive them, record them.

    Coins that the archive holds already are not fetched. Of several coins, those that can't be had are a
    warning, and a gap until the run is repeated; without a single one the step fails. Where the source has no
    price of the run's moment, the run is skipped: it never will. So is a run that would need more calls for
    the past than it may make, with a warning. What is refused is kept in the quarantine; the error tells
    where.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        WaitNeededError: It is to be run again later.
        MarketError: The market has no observation for this run, or none that can be true.
        StoreError: The archive or the log is damaged, or busy for too long.
        DatabaseError: The database can't be used, or another one keeps the archive.
        OSError: The disk is full or read-only.
    """
    archive = open_archive(spec, services)
    archived: Sequence[Part] = read_parts(archive, run.moment)
    members = members_of(spec, archived)
    if members is None:
        members = _members_of_the_past(spec, run, services, archive)
        if members is None and run.is_backfill:
            return Skipped(
                f"which coins {spec.name} had at {format_moment(run.moment)} is known once a run has taken"
                " them from the market as it stands"
            )
    taken = _take(spec, run, services, None if members is None else members - _held(spec, archived))
    members = taken.coins if members is None else members
    taken = replace(taken, members=members)
    moves = _find_moves(spec, services, taken)
    archived, is_new = _keep(spec, run, services, archived, taken.only(taken.coins - moves.keys()))
    if moves:
        taken = taken.joined(confirm_jumps(spec, run, services, moves))
        archived, is_newer = _keep(spec, run, services, archived, taken.only(moves.keys()))
        is_new = is_new or is_newer
    keep_refused(spec, run, services, taken.refused)
    lost = {coin: error for coin, error in taken.refused.items() if coin not in _held(spec, archived)}
    if not _held(spec, archived) & members:
        return _without_any(spec, lost)
    changes = notice_shapes(services, [each.provenance for each in taken.snapshots.values()])
    exported = export_raw_log(spec, services)
    warnings = (*taken.warnings, *changes, *exported.warnings, *_describe_lost(spec, lost))
    summary = f"{_describe(spec, archived, members, is_new=is_new)}{exported}"
    return Done(summary, warnings, missing=len(lost))


def _members_of_the_past(
    spec: PipelineSpec, run: Run, services: Services, archive: Archive
) -> frozenset[str] | None:
    if run.is_backfill or services.now() - run.moment > spec.quality.max_age:
        return members_of_nearest(spec, services, archive, run.moment)
    return None


def _take(spec: PipelineSpec, run: Run, services: Services, missing: frozenset[str] | None) -> Taken:
    """Take what is missing; of the greatest market caps whatever the market lists, where nobody knows yet."""
    if missing is None:
        assert isinstance(spec.coins, TopCoins)
        return take_top(spec, run, services, spec.coins)
    if not missing:
        return Taken()
    unconfirmed = {
        coin: each for coin, each in find_unconfirmed(spec, run, services).items() if coin in missing
    }
    return take(spec, run, services, missing - unconfirmed.keys()).joined(Taken(unconfirmed))


def _find_moves(spec: PipelineSpec, services: Services, taken: Taken) -> Mapping[str, Unconfirmed]:
    """The prices that may only follow the ones before them if they are confirmed."""
    observed = [each.observation for each in taken.snapshots.values()]
    if not observed:
        return {}
    with services.database.reading() as connection:
        moves = find_large_moves(connection, spec, observed)
    return {coin: Unconfirmed(taken.snapshots[coin], move) for coin, move in moves.items()}


def _keep(
    spec: PipelineSpec, run: Run, services: Services, archived: Sequence[Part], taken: Taken
) -> tuple[Sequence[Part], bool]:
    """Archive and record what was taken, and what is archived and not recorded yet; whether any was new."""
    if taken.snapshots:
        by_coin = [each for _, each in sorted(taken.snapshots.items())]
        archived = archive_snapshots(spec, services, join_sources(by_coin), taken.members)
    return archived, record(spec, run, services, archived) if archived else False


def _held(spec: PipelineSpec, archived: Sequence[Part]) -> frozenset[str]:
    return frozenset(coin for part in archived if part.vs_currency == spec.vs_currency for coin in part.coins)


def _without_any(spec: PipelineSpec, lost: Mapping[str, MarketError]) -> Outcome:
    """What a run without a single observation comes to.

    Raises:
        MarketError: It failed.
    """
    errors = list(lost.values())
    for error in errors:
        if not isinstance(error, HistoryGapError | HistoryCallsError):
            if len(errors) > 1:
                error.add_note(f"none of {len(errors)} coins of {spec.name} has a price of this run")
            raise error
    reason = str(errors[0]) if spec.has_one_coin else f"no coin has a price: {errors[0]}"
    limited = tuple(str(error) for error in errors if isinstance(error, HistoryCallsError))
    return Skipped(reason, warnings=limited[:1])


def _describe_lost(spec: PipelineSpec, lost: Mapping[str, MarketError]) -> tuple[str, ...]:
    if not lost:
        return ()
    listed = [f"{coin}: {error}" for coin, error in sorted(lost.items())]
    more = len(listed) - _MOST_LISTED
    details = listed[:_MOST_LISTED] + ([f"and {counted(more, 'more coin')}"] if more > 0 else [])
    # The same first line each time, so that operators are notified once a day.
    head = f"{spec.name}: coins without a price, each a gap until the run is cleared or backfilled:"
    return ("\n".join([head, *details]),)


def _describe(spec: PipelineSpec, archived: Sequence[Part], members: frozenset[str], *, is_new: bool) -> str:
    kept = {
        each.observation.coin: each
        for part in reversed(archived)
        if part.vs_currency == spec.vs_currency
        for each in part.snapshots
    }
    known = [each for coin, each in kept.items() if coin in members]
    before = "" if is_new else ", as archived before"
    if spec.has_one_coin:
        return _describe_one(known[0]) + before
    moment = format_moment(known[0].observation.moment)
    of_all = counted(len(members), "coin")
    counts = of_all if len(known) == len(members) else f"{len(known)} of {of_all}"
    historic = sum(each.provenance.is_historic for each in known)
    source = f", {historic} of them from history" if historic else ""
    return f"prices of {counts} in {spec.vs_currency.upper()} at {moment}{source}{before}"


def _describe_one(snapshot: Archived) -> str:
    observation = snapshot.observation
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    moves = f"1h {move_text(observation.change_1h_percent)}, 24h {move_text(observation.change_24h_percent)}"
    source = f", from history: the price of {format_moment(observation.last_updated)}"
    return (
        f"{observation.coin} {price} ({moves}) at {format_moment(observation.moment)}"
        f"{source if snapshot.provenance.is_historic else ''}"
    )

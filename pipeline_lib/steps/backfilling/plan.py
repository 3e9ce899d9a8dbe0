"""What a backfill will do, before it does any of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_lib.archive.parts import archived_parts, find_snapshot, read_parts
from pipeline_lib.archive.store import Archive, FolderArchive
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.database import observations
from pipeline_lib.database.market.history_answers import MOST_ANSWERS, CoinHistory
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.errors import SnapshotDamagedError
from pipeline_lib.market.history.planning import HistoryTerms, PlannedCalls
from pipeline_lib.model.answers import AnsweredRange
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.past import earliest_of, shared_from
from pipeline_lib.steps.run import Services

# Measured: archive, database and raw log of a moment, each synchronised with the disk.
_TIME_OF_A_MOMENT = timedelta(milliseconds=30)
_TIME_OF_A_CALL = timedelta(seconds=1)
_WINDOW = timedelta(seconds=61)


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What the backfill of one pipeline will do.

    Attributes:
        spec: The pipeline.
        moments: All moments of the span (UTC), oldest first.
        missing: Those that the archive holds no price of.
        unrecorded: Those that it does, and the database does not.
        calls: How many calls of CoinGecko that takes, when none has to be repeated.
        history_since: From when on (UTC) an answer of history is as good as a new one.
    """

    spec: PipelineSpec
    moments: Sequence[datetime]
    missing: frozenset[datetime]
    unrecorded: frozenset[datetime]
    calls: int
    history_since: datetime


def plan_backfills(
    spans: Iterable[tuple[PipelineSpec, Sequence[datetime]]], services: Services
) -> list[BackfillPlan]:
    """What backfills will do, one after the other; asks nobody and writes nothing.

    Args:
        spans: Pipelines, each with its moments (UTC), oldest first.
        services: The access to the world.

    Raises:
        HistoryReachError: The plan doesn't reach back to a moment without a price.
        DatabaseError: The database can't be used.
        OSError: An archive can't be read.
    """
    now, settings = services.now(), services.settings
    terms = HistoryTerms(
        to_moment(now), earliest_of(settings, now), shared_from(now), settings.history_tolerance, MOST_ANSWERS
    )
    coins: dict[tuple[str, str], PlannedCalls] = {}
    plans = []
    for spec, moments in spans:
        missing, unrecorded = _find_missing(spec, moments, services)
        coin = (spec.coin, spec.vs_currency)
        planned = coins.setdefault(coin, PlannedCalls(terms, _ranges_at_hand(spec, terms.now, services)))
        calls = sum(planned.add(moment) for moment in moments if moment in missing)
        plans.append(BackfillPlan(spec, moments, missing, unrecorded, calls, terms.shared_from))
    return plans


def expected_time(calls: int, moments: int, calls_per_minute: int) -> timedelta:
    """About how long backfills take, when nobody else asks CoinGecko.

    Args:
        calls: How many calls they make.
        moments: How many moments they fill in.
        calls_per_minute: What the plan allows.
    """
    waits = max(calls - 1, 0) // calls_per_minute
    return waits * _WINDOW + calls * _TIME_OF_A_CALL + moments * _TIME_OF_A_MOMENT


def _find_missing(
    spec: PipelineSpec, moments: Sequence[datetime], services: Services
) -> tuple[frozenset[datetime], frozenset[datetime]]:
    """The moments without a price, and those whose price only the archive has."""
    archive = FolderArchive(Layout.of(spec.name, services.settings).archive)
    archived = {part.moment for part in archived_parts(archive)}
    recorded = _recorded_moments(spec, moments[0], services)
    missing: set[datetime] = set()
    unrecorded: set[datetime] = set()
    for moment in moments:
        if moment not in archived:
            missing.add(moment)
        elif moment not in recorded:
            (unrecorded if _has_price(spec, archive, moment) else missing).add(moment)
    return frozenset(missing), frozenset(unrecorded)


def _has_price(spec: PipelineSpec, archive: Archive, moment: datetime) -> bool:
    try:
        parts = read_parts(archive, moment)
    except SnapshotDamagedError:
        # The moment fails, and no call can help it.
        return True
    return find_snapshot(parts, spec.coin, spec.vs_currency) is not None


def _recorded_moments(spec: PipelineSpec, since: datetime, services: Services) -> set[datetime]:
    if services.database.is_empty:
        return set()
    with services.database.reading() as connection:
        series_id = find_series_id(connection, spec.name, spec.coin, spec.vs_currency)
        if series_id is None:
            return set()
        return {each.moment for each in observations.read_order(connection, series_id, since)}


def _ranges_at_hand(spec: PipelineSpec, now: datetime, services: Services) -> list[AnsweredRange]:
    if services.database.is_empty:
        return []
    with services.database.reading() as connection:
        return CoinHistory(spec.coin, spec.vs_currency, now).ranges(connection)

"""What a backfill will do, before it does any of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_lib.archive.parts import archived_parts, find_snapshot, read_parts
from pipeline_lib.archive.store import Archive, FolderArchive
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.database import observations
from pipeline_lib.database.market.history_answers import MOST_ANSWERS, CoinHistory
from pipeline_lib.database.pipelines import find_series_of
from pipeline_lib.errors import SnapshotDamagedError
from pipeline_lib.market.history.planning import HistoryTerms, PlannedCalls
from pipeline_lib.model.answers import AnsweredRange
from pipeline_lib.specs import PipelineSpec, TopCoins
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.members import members_of, members_of_nearest
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
        missing: Those of which the archive lacks the price of a coin.
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
        members = _find_members(spec, moments[0], services)
        missing, unrecorded = _find_missing(spec, members, moments, services)
        calls = 0
        for coin in sorted(members):
            key = (coin, spec.vs_currency)
            if key not in coins:
                coins[key] = PlannedCalls(terms, _ranges_at_hand(*key, terms.now, services))
            calls += sum(coins[key].add(moment) for moment in moments if moment in missing)
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


def _find_members(spec: PipelineSpec, moment: datetime, services: Services) -> frozenset[str]:
    """The coins of a pipeline around a moment; of the greatest market caps none before the first run."""
    if not isinstance(spec.coins, TopCoins):
        return frozenset(spec.coins.named)
    if services.database.is_empty:
        return frozenset()
    archive = FolderArchive(Layout.of(spec.name, services.settings).archive)
    return members_of_nearest(spec, services, archive, moment) or frozenset()


def _find_missing(
    spec: PipelineSpec, members: frozenset[str], moments: Sequence[datetime], services: Services
) -> tuple[frozenset[datetime], frozenset[datetime]]:
    """The moments without a price of a coin, and those of which only the archive has all."""
    archive = FolderArchive(Layout.of(spec.name, services.settings).archive)
    archived = {part.moment for part in archived_parts(archive)}
    recorded = _recorded_moments(spec, members, moments[0], services)
    missing: set[datetime] = set()
    unrecorded: set[datetime] = set()
    for moment in moments:
        if moment not in archived:
            missing.add(moment)
        elif moment not in recorded:
            (unrecorded if _has_prices(spec, members, archive, moment) else missing).add(moment)
    return frozenset(missing), frozenset(unrecorded)


def _has_prices(spec: PipelineSpec, members: frozenset[str], archive: Archive, moment: datetime) -> bool:
    try:
        parts = read_parts(archive, moment)
    except SnapshotDamagedError:
        # The moment fails, and no call can help it.
        return True
    of_moment = members if not isinstance(spec.coins, TopCoins) else members_of(spec, parts)
    return all(find_snapshot(parts, coin, spec.vs_currency) for coin in of_moment or ())


def _recorded_moments(
    spec: PipelineSpec, members: frozenset[str], since: datetime, services: Services
) -> set[datetime]:
    """The moments (UTC) of which the database has all coins."""
    if services.database.is_empty:
        return set()
    with services.database.reading() as connection:
        series = find_series_of(connection, spec.name, members, spec.vs_currency)
        if len(series) < len(members):
            return set()
        keys = [each.id for each in series]
        return observations.find_complete_moments(connection, keys, since)


def _ranges_at_hand(coin: str, vs_currency: str, now: datetime, services: Services) -> list[AnsweredRange]:
    if services.database.is_empty:
        return []
    with services.database.reading() as connection:
        return CoinHistory(coin, vs_currency, now).ranges(connection)

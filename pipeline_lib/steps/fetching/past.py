"""The observation of a run whose moment has passed: CoinGecko's history."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.database.market.history_answers import CoinHistory, find_coins
from pipeline_lib.errors import HistoryGapError, HistoryNotReadyError, HistoryReachError
from pipeline_lib.market import find_past_observation
from pipeline_lib.market.history.observations import HISTORY_LAG
from pipeline_lib.market.history.ranges import AnswerNeeded, answer_needed, range_needed, range_to_ask
from pipeline_lib.model.answers import AnsweredRange, HistoryAnswer
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec, SeriesSpec
from pipeline_lib.steps.fetching.history_calls import open_market
from pipeline_lib.steps.fetching.sharing.work import SharedWork
from pipeline_lib.steps.run import Run, Services

# CoinGecko's own caches answer the same for about a minute.
_SHARED_FOR = timedelta(minutes=1)
# The edge of the plan's reach moves on while a request travels, and clocks differ.
_MARGIN = timedelta(minutes=10)


def take_past_snapshot(spec: SeriesSpec, run: Run, services: Services) -> Snapshot:
    """Take the run's observation from CoinGecko's history.

    One answer serves all runs of the coin that lie in its range, whichever process they run in.

    Args:
        spec: The coin, and what holds for it.
        run: The pipeline's run.
        services: The access to the world.

    Raises:
        HistoryReachError: The moment lies further back than the plan reaches; nothing was asked.
        HistoryCallsError: The run has made all the calls for the past that it may.
        HistoryGapError: CoinGecko has no price of the moment.
        HistoryNotReadyError: The moment has hardly passed, and CoinGecko has no price of it yet.
        MarketError: There is no usable answer.
        WaitNeededError: CoinGecko is to be asked later, or another process asks for long.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    if run.moment > services.now():
        raise HistoryNotReadyError(spec.coin, format_moment(run.moment))
    answer = _find_shared(spec, run, services) or _ask_once(spec, run, services)
    tolerance = services.settings.history_tolerance
    try:
        return find_past_observation(answer, spec.coin, spec.vs_currency, run.moment, tolerance)
    except HistoryGapError as error:
        if answer.requested_at < run.moment + HISTORY_LAG:
            raise HistoryNotReadyError(error.coin, error.moment) from error
        raise


def coins_with_history(
    spec: PipelineSpec, run: Run, services: Services, coins: Collection[str]
) -> frozenset[str]:
    """The coins of which an answer is kept that settles what the price of the run's moment was.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        coins: CoinGecko ids.
    """
    needed, now = _needed(run, services), to_moment(services.now())
    needed = replace(needed, asked_from=run.moment + HISTORY_LAG)
    if needed.asked_from > now:
        # Nearly always so: no answer of the past can be as new as that.
        return frozenset()
    with services.database.reading() as connection:
        covered = AnsweredRange(needed.start, needed.end, needed.asked_from)
        found = find_coins(connection, spec.vs_currency, covered, now)
    return found.intersection(coins)


def earliest_of(settings: Settings, now: datetime) -> datetime:
    """Where the plan's history begins (UTC).

    Args:
        settings: What the environment sets.
        now: By the real clock.
    """
    return to_moment(now) - settings.history_reach + _MARGIN


def shared_from(now: datetime) -> datetime:
    """From when on CoinGecko would only repeat an answer (UTC).

    Args:
        now: By the real clock.
    """
    return to_moment(now) - _SHARED_FOR


def _ask_once(spec: SeriesSpec, run: Run, services: Services) -> HistoryAnswer:
    """Ask CoinGecko, unless the process that this one had to wait for has just done so."""
    earliest = earliest_of(services.settings, services.now())
    if run.moment < earliest:
        raise HistoryReachError(format_moment(run.moment), format_moment(earliest))
    shared = SharedWork(
        f"history {spec.coin} {spec.vs_currency}",
        find=lambda: _find_shared(spec, run, services),
        work=lambda: _ask(spec, run, services),
    )
    return shared.run(services)


def _ask(spec: SeriesSpec, run: Run, services: Services) -> HistoryAnswer:
    database, history = services.database, _history(spec, services)
    with database.reading() as connection:
        known = [answered.start for answered in history.ranges(connection)]
    database.close()
    wanted = range_to_ask(
        range_needed(run.moment, services.settings.history_tolerance),
        earliest_of(services.settings, services.now()),
        to_moment(services.now()),
        known,
    )
    # What can't be read isn't kept: the next run asks anew.
    answer = open_market(spec.pipeline, run, services).ask_history(spec.coin, spec.vs_currency, wanted)
    with database.writing() as connection:
        _history(spec, services).keep(connection, answer)
    return answer


def _find_shared(spec: SeriesSpec, run: Run, services: Services) -> HistoryAnswer | None:
    return _find(spec, _needed(run, services), services)


def _needed(run: Run, services: Services) -> AnswerNeeded:
    now, settings = services.now(), services.settings
    since = run.history_since or shared_from(now)
    return answer_needed(run.moment, settings.history_tolerance, earliest_of(settings, now), since)


def _find(spec: SeriesSpec, needed: AnswerNeeded, services: Services) -> HistoryAnswer | None:
    with services.database.reading() as connection:
        return _history(spec, services).find(connection, needed.start, needed.end, needed.asked_from)


def _history(spec: SeriesSpec, services: Services) -> CoinHistory:
    return CoinHistory(spec.coin, spec.vs_currency, to_moment(services.now()))

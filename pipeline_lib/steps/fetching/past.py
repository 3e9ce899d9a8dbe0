"""The observation of a run whose moment has passed: CoinGecko's history."""

from datetime import datetime, timedelta

from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.database.market.history_answers import CoinHistory
from pipeline_lib.errors import HistoryGapError, HistoryNotReadyError, HistoryReachError
from pipeline_lib.market import find_past_observation
from pipeline_lib.market.history.observations import HISTORY_LAG
from pipeline_lib.market.history.ranges import range_needed, range_to_ask
from pipeline_lib.model.answers import HistoryAnswer
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.fetching.history_calls import open_market
from pipeline_lib.steps.fetching.shared_work import SharedWork
from pipeline_lib.steps.run import Run, Services

# CoinGecko's own caches answer the same for about a minute.
_SHARED_FOR = timedelta(minutes=1)
# The edge of the plan's reach moves on while a request travels, and clocks differ.
_MARGIN = timedelta(minutes=10)
# As long as one process may take to ask, with all its tries and the waits in between.
_LONGEST_WAIT_SECONDS = 300.0


def take_past_snapshot(spec: PipelineSpec, run: Run, services: Services) -> Snapshot:
    """Take the run's observation from CoinGecko's history.

    One answer serves all runs of the coin that lie in its range, whichever process they run in.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        HistoryReachError: The moment lies further back than the plan reaches; nothing was asked.
        HistoryCallsError: The run has made all the calls for the past that it may.
        HistoryGapError: CoinGecko has no price of the moment.
        HistoryNotReadyError: The moment has hardly passed, and CoinGecko has no price of it yet.
        MarketError: There is no usable answer.
        AnswerAwaitedError: Another process has been asking for too long.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    if run.moment > services.now():
        raise HistoryNotReadyError(spec.coin, format_moment(run.moment))
    answer = _find_shared(spec, run.moment, services) or _ask_once(spec, run, services)
    tolerance = services.settings.history_tolerance
    try:
        return find_past_observation(answer, spec.coin, spec.vs_currency, run.moment, tolerance)
    except HistoryGapError as error:
        if answer.requested_at < run.moment + HISTORY_LAG:
            raise HistoryNotReadyError(error.coin, error.moment) from error
        raise


def has_history_at_hand(spec: PipelineSpec, run: Run, services: Services) -> bool:
    """Whether an answer is kept that settles what the price of the run's moment was.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
    """
    return _find(spec, run.moment, services, run.moment + HISTORY_LAG) is not None


def require_reach(spec: PipelineSpec, moment: datetime, services: Services) -> None:
    """Make sure that the plan reaches back to ``moment``, or that its history is at hand already.

    Args:
        spec: The pipeline.
        moment: The moment of a run (UTC).
        services: The access to the world.

    Raises:
        HistoryReachError: Neither.
        DatabaseError: The database can't be used.
    """
    services.database.prepare()
    earliest = _earliest(services)
    if moment < earliest and _find_shared(spec, moment, services) is None:
        raise HistoryReachError(format_moment(moment), format_moment(earliest))


def _ask_once(spec: PipelineSpec, run: Run, services: Services) -> HistoryAnswer:
    """Ask CoinGecko, unless the process that this one had to wait for has just done so."""
    require_reach(spec, run.moment, services)
    finished = SharedWork(
        f"history {spec.coin} {spec.vs_currency}",
        find=lambda: _find_shared(spec, run.moment, services),
        work=lambda: _ask(spec, run, services),
        longest_wait=_LONGEST_WAIT_SECONDS,
    )
    return finished.run(services).result


def _ask(spec: PipelineSpec, run: Run, services: Services) -> HistoryAnswer:
    database, history = services.database, _history(spec, services)
    with database.reading() as connection:
        known = history.starts(connection)
    database.close()
    wanted = range_to_ask(
        range_needed(run.moment, services.settings.history_tolerance),
        _earliest(services),
        to_moment(services.now()),
        known,
    )
    # What can't be read isn't kept: the next run asks anew.
    answer = open_market(spec, run, services).ask_history(spec.coin, spec.vs_currency, wanted)
    with database.writing() as connection:
        _history(spec, services).keep(connection, answer)
    return answer


def _find_shared(spec: PipelineSpec, moment: datetime, services: Services) -> HistoryAnswer | None:
    """An answer from when the points of the moment had come, or one that CoinGecko would only repeat."""
    latest = to_moment(services.now()) - _SHARED_FOR
    return _find(spec, moment, services, min(moment + HISTORY_LAG, max(moment, latest)))


def _find(
    spec: PipelineSpec, moment: datetime, services: Services, asked_from: datetime
) -> HistoryAnswer | None:
    needed = range_needed(moment, services.settings.history_tolerance)
    # Before the edge of the plan's reach there is nothing to be had.
    start = max(needed.start, _earliest(services))
    with services.database.reading() as connection:
        return _history(spec, services).find(connection, start, needed.end, asked_from)


def _history(spec: PipelineSpec, services: Services) -> CoinHistory:
    return CoinHistory(spec.coin, spec.vs_currency, to_moment(services.now()))


def _earliest(services: Services) -> datetime:
    return to_moment(services.now()) - services.settings.history_reach + _MARGIN

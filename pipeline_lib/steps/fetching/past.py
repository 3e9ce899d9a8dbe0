"""The observation of a run whose moment has passed: CoinGecko's history."""

from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

from pipeline_lib.analysis.price_moves import percent_change
from pipeline_lib.archive.snapshots import Snapshot
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.errors import HistoryGapError, HistoryNotReadyError, HistoryReachError
from pipeline_lib.market.charts import read_chart
from pipeline_lib.market.evidence import evidence
from pipeline_lib.market.history import (
    HISTORY_LAG,
    PastQuote,
    ask_history,
    find_past_quote,
    range_needed,
    range_to_ask,
)
from pipeline_lib.model.observation import Observation, Provenance
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.store.cache.history_cache import HistoryCache, KeptAnswer

# CoinGecko's own caches answer the same for about a minute.
_SHARED_FOR = timedelta(minutes=1)
# The edge of the plan's reach moves on while a request travels, and clocks differ.
_MARGIN = timedelta(minutes=10)


def take_past_snapshot(spec: PipelineSpec, run: Run, services: Services) -> Snapshot:
    """Take the run's observation from CoinGecko's history.

    One answer serves all runs of the coin that lie in its range, whichever process they run in.

    Raises:
        HistoryReachError: The moment lies further back than the plan reaches; nothing was asked.
        HistoryGapError: CoinGecko has no price of the moment.
        HistoryNotReadyError: The moment has hardly passed, and CoinGecko has no price of it yet.
        MarketError: There is no usable answer.
        StoreBusyError: Another process has been asking for too long.
        OSError: The disk is full or read-only.
    """
    if run.moment > services.now():
        raise HistoryNotReadyError(spec.coin, format_moment(run.moment))
    answer = _find_shared(spec, run.moment, services) or _ask_once(spec, run.moment, services)
    try:
        with evidence(answer=answer.body, url=answer.url, requested_at=answer.requested_at):
            quote = find_past_quote(answer.body, spec.coin, run.moment, services.settings.history_tolerance)
    except HistoryGapError as error:
        if answer.requested_at < run.moment + HISTORY_LAG:
            raise HistoryNotReadyError(error.coin, error.moment) from error
        raise
    return Snapshot(
        past_observation(spec.coin, spec.vs_currency, run.moment, quote),
        Provenance(url=answer.url, requested_at=answer.requested_at, status=HTTPStatus.OK, answer=quote.text),
    )


def has_history_at_hand(spec: PipelineSpec, run: Run, services: Services) -> bool:
    """Whether an answer is kept that settles what the price of the run's moment was."""
    return _find(spec, run.moment, services, run.moment + HISTORY_LAG) is not None


def require_reach(spec: PipelineSpec, moment: datetime, services: Services) -> None:
    """Make sure that the plan reaches back to ``moment``, or that its history is at hand already.

    Raises:
        HistoryReachError: Neither.
    """
    earliest = _earliest(services)
    if moment < earliest and _find_shared(spec, moment, services) is None:
        raise HistoryReachError(format_moment(moment), format_moment(earliest))


def past_observation(coin: str, vs_currency: str, moment: datetime, quote: PastQuote) -> Observation:
    """A quote of the past as the observation of a moment, with its moves to ten decimal places."""

    def move_since(before: Decimal | None) -> Decimal | None:
        return None if before is None else percent_change(before, quote.price)

    return Observation(
        coin=coin,
        vs_currency=vs_currency,
        moment=moment,
        price=quote.price,
        change_1h_percent=move_since(quote.hour_before),
        change_24h_percent=move_since(quote.day_before),
        market_cap=quote.market_cap,
        total_volume=quote.total_volume,
        last_updated=to_moment(quote.time),
    )


def _ask_once(spec: PipelineSpec, moment: datetime, services: Services) -> KeptAnswer:
    """Ask CoinGecko, unless the process that this one had to wait for has just done so."""
    require_reach(spec, moment, services)
    with _cache(spec, services).lock():
        answer = _find_shared(spec, moment, services)
        if answer is None:
            answer = _ask(spec, moment, services)
            _cache(spec, services).keep(answer)
    return answer


def _ask(spec: PipelineSpec, moment: datetime, services: Services) -> KeptAnswer:
    requested_at = to_moment(services.now())
    wanted = range_to_ask(
        range_needed(moment, services.settings.history_tolerance),
        _earliest(services),
        requested_at,
        _cache(spec, services).starts(),
    )
    with evidence(requested_at=requested_at):
        said = ask_history(services.open_transport(), spec.coin, spec.vs_currency, wanted, RetryPolicy())
    with evidence(answer=said.body, url=said.url, requested_at=requested_at):
        # What can't be read isn't kept: the next run asks anew.
        read_chart(said.body)
    return KeptAnswer(wanted.start, wanted.end, requested_at, said.url, said.body)


def _find_shared(spec: PipelineSpec, moment: datetime, services: Services) -> KeptAnswer | None:
    """An answer from when the points of the moment had come, or one that CoinGecko would only repeat."""
    latest = to_moment(services.now()) - _SHARED_FOR
    return _find(spec, moment, services, min(moment + HISTORY_LAG, max(moment, latest)))


def _find(
    spec: PipelineSpec, moment: datetime, services: Services, asked_from: datetime
) -> KeptAnswer | None:
    needed = range_needed(moment, services.settings.history_tolerance)
    # Before the edge of the plan's reach there is nothing to be had.
    start = max(needed.start, _earliest(services))
    return _cache(spec, services).find(start, needed.end, asked_from)


def _cache(spec: PipelineSpec, services: Services) -> HistoryCache:
    return HistoryCache.of(spec.coin, spec.vs_currency, services.settings, to_moment(services.now()))


def _earliest(services: Services) -> datetime:
    return to_moment(services.now()) - services.settings.history_reach + _MARGIN

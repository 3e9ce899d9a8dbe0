"""Later prices, which confirm large moves or don't."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from pipeline_lib.errors import HistoryCallsError, ImplausibleJumpError, MarketError
from pipeline_lib.market import Quotes
from pipeline_lib.market.quotes.pages import split_into_pages
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.fetching.check import LargeMove, describe_price
from pipeline_lib.steps.fetching.take import take
from pipeline_lib.steps.fetching.taken import Taken
from pipeline_lib.steps.fetching.unconfirmed import keep_unconfirmed
from pipeline_lib.steps.run import Run, Services

# CoinGecko answers the same for 45 to 60 s.
_UNTIL_A_NEW_QUOTE = timedelta(seconds=65)
_TOLERANCE_AFTER_A_MINUTE_PERCENT = Decimal(5)
_STEP_TO_THE_NEXT_POINT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A price with a move that needs a confirmation.

    Attributes:
        snapshot: The price.
        move: The move to it.
    """

    snapshot: Snapshot
    move: LargeMove


def confirm_jumps(
    spec: PipelineSpec, run: Run, services: Services, unconfirmed: Mapping[str, Unconfirmed]
) -> Taken:
    """Ask once more, so that the answer is another one, and see whether it shows the same moves.

    A current quote is asked for anew once CoinGecko's cache has passed, which takes about a minute. The past
    answers the same however often it is asked; there, the price an hour later shows what came of the move,
    and may differ from the first by as much as ``quality.max_jump`` allows between any two.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        unconfirmed: What is in question, by coin.

    Returns:
        What is confirmed, with a warning each. A coin is refused where no later price confirms its move, or
        the run may not ask for a later price of the past.

    Raises:
        WaitNeededError: The later prices are to be asked for later.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    live = {
        coin: each.snapshot for coin, each in unconfirmed.items() if not each.snapshot.provenance.is_historic
    }
    later = _next_quotes(spec, run, services, live)
    later = later.joined(_prices_an_hour_later(spec, run, services, unconfirmed.keys() - live.keys()))
    confirmed, refused, warnings = {}, {}, []
    for coin, each in unconfirmed.items():
        try:
            warnings.append(f"{spec.name}: {_confirm(spec, each, coin, later)}")
            confirmed[coin] = each.snapshot
        except MarketError as error:
            refused[coin] = error
    return Taken(confirmed, refused, tuple(warnings))


def _confirm(spec: PipelineSpec, unconfirmed: Unconfirmed, coin: str, later: Taken) -> str:
    """What confirms a move, for people.

    Raises:
        HistoryCallsError: The run may not ask for a later price of the past.
        ImplausibleJumpError: No later price confirms it; carries the answer in question.
    """
    first, move, error = unconfirmed.snapshot, unconfirmed.move, later.refused.get(coin)
    if isinstance(error, HistoryCallsError):
        # Another try couldn't confirm the move either, and nothing speaks against it.
        raise error
    if error is not None:
        raise _refusal(first, move, f"not confirmed: {error.message}") from error
    price = later.snapshots[coin].observation
    limit = spec.of_coin(coin).quality.max_jump_percent
    tolerance = limit if first.provenance.is_historic else _TOLERANCE_AFTER_A_MINUTE_PERCENT
    # The same price of the same time tells nothing new.
    is_later = price.last_updated > move.after.last_updated
    if not is_later or not move.jump.is_confirmed_by(price.price, tolerance):
        raise _refusal(first, move, f"not confirmed by {describe_price(price)}")
    return f"{move}, a move of {move.jump.percent:+.2f} %, confirmed by {describe_price(price)}"


def _prices_an_hour_later(spec: PipelineSpec, run: Run, services: Services, coins: Collection[str]) -> Taken:
    if not coins:
        return Taken()
    later = replace(run, moment=run.moment + _STEP_TO_THE_NEXT_POINT, confirms=run.moment)
    return take(spec, later, services, coins)


def _next_quotes(spec: PipelineSpec, run: Run, services: Services, first: Mapping[str, Snapshot]) -> Taken:
    if not first:
        return Taken()
    _wait_for_new_quotes(spec, services, first)
    services.database.close()
    market = services.open_market()
    snapshots, refused = {}, {}
    for page in split_into_pages(first):
        try:
            quotes = Quotes.of(market.ask_quotes(page, spec.vs_currency))
        except MarketError as error:
            refused.update(dict.fromkeys(page, error))
            continue
        for coin in page:
            try:
                # Whether it is of the run's moment is no question here.
                snapshots[coin] = quotes.observe(coin, run.moment, timedelta.max)
            except MarketError as error:
                refused[coin] = error
    return Taken(snapshots, refused)


def _wait_for_new_quotes(spec: PipelineSpec, services: Services, first: Mapping[str, Snapshot]) -> None:
    passed = services.now() - max(each.provenance.requested_at for each in first.values())
    left = min(_UNTIL_A_NEW_QUOTE - passed, _UNTIL_A_NEW_QUOTE).total_seconds()
    if left <= 0:
        return
    keep_unconfirmed(spec, services, list(first.values()))
    services.database.close()
    listed = ", ".join(sorted(first))
    services.wait(left, f"a later quote of {listed} has to confirm a large move")


def _refusal(first: Snapshot, move: LargeMove, confirmation: str) -> ImplausibleJumpError:
    source = first.provenance
    return ImplausibleJumpError(
        first.observation.coin,
        str(move),
        percent=move.jump.percent,
        limit_percent=move.jump.limit_percent,
        confirmation=confirmation,
    ).attach(source.answer.encode(), source.url, source.requested_at)

"""A later price, which confirms a large move or doesn't."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from pipeline_lib.errors import HistoryCallsError, ImplausibleJumpError, MarketError
from pipeline_lib.model.observation import Observation, Snapshot
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.fetching.check import LargeMove, describe_price
from pipeline_lib.steps.fetching.take import take_snapshot
from pipeline_lib.steps.run import Run, Services

# CoinGecko answers the same for 45 to 60 s.
_SECONDS_UNTIL_A_NEW_QUOTE = 65.0
_TOLERANCE_AFTER_A_MINUTE_PERCENT = Decimal(5)
_STEP_TO_THE_NEXT_POINT = timedelta(hours=1)


def confirm_jump(spec: PipelineSpec, run: Run, services: Services, first: Snapshot, move: LargeMove) -> str:
    """Ask once more, so that the answer is another one, and see whether it shows the same move.

    A current quote is asked for anew once CoinGecko's cache has passed, which takes about a minute. The past
    answers the same however often it is asked; there, the price an hour later shows what came of the move,
    and may differ from the first by as much as ``quality.max_jump`` allows between any two.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        first: The snapshot in question.
        move: The move that it shows.

    Returns:
        What confirms the move, for people.

    Raises:
        HistoryCallsError: The run may not ask for a later price of the past.
        ImplausibleJumpError: No later price confirms it; carries the answer of ``first``.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    is_historic = first.provenance.is_historic
    tolerance = spec.quality.max_jump_percent if is_historic else _TOLERANCE_AFTER_A_MINUTE_PERCENT
    ask_again = _price_an_hour_later if is_historic else _next_quote
    try:
        later = ask_again(spec, run, services)
    except HistoryCallsError:
        # Another try couldn't confirm the move either, and nothing speaks against it.
        raise
    except MarketError as error:
        raise _refusal(first, move, f"not confirmed: {error.message}") from error
    # The same price of the same time tells nothing new.
    is_later = later.last_updated > move.after.last_updated
    if not is_later or not move.jump.is_confirmed_by(later.price, tolerance):
        raise _refusal(first, move, f"not confirmed by {describe_price(later)}")
    return f"{move}, a move of {move.jump.percent:+.2f} %, confirmed by {describe_price(later)}"


def _price_an_hour_later(spec: PipelineSpec, run: Run, services: Services) -> Observation:
    later = replace(run, moment=run.moment + _STEP_TO_THE_NEXT_POINT, confirms=run.moment)
    return take_snapshot(spec, later, services).snapshot.observation


def _next_quote(spec: PipelineSpec, run: Run, services: Services) -> Observation:
    services.database.close()
    services.sleep(_SECONDS_UNTIL_A_NEW_QUOTE)
    # Whether it is of the run's moment is no question here.
    market = services.open_market()
    return market.observe(spec.coin, spec.vs_currency, run.moment, timedelta.max).observation


def _refusal(first: Snapshot, move: LargeMove, confirmation: str) -> ImplausibleJumpError:
    source = first.provenance
    return ImplausibleJumpError(
        first.observation.coin,
        str(move),
        percent=move.jump.percent,
        limit_percent=move.jump.limit_percent,
        confirmation=confirmation,
    ).attach(source.answer.encode(), source.url, source.requested_at)

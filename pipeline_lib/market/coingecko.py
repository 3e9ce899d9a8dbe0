"""CoinGecko's current quote → the observation of a run."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.errors import MomentMismatchError, UnknownCoinError
from pipeline_lib.market.evidence import evidence
from pipeline_lib.market.pages import Page
from pipeline_lib.market.quotes import Quote, check_list, find_quote
from pipeline_lib.market.transport import Transport
from pipeline_lib.model.call_plan import COINS_PER_CALL
from pipeline_lib.model.observation import MarketAnswer, Observation, Provenance


@dataclass(frozen=True, slots=True)
class CoinGecko:
    """The market that observations are taken from.

    Attributes:
        transport: How the API is reached.
        now: The real clock, for the record of when something was asked.
        retry_policy: How often a failed call is tried.
    """

    transport: Transport
    now: Callable[[], datetime]
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    def observe(
        self, coin: str, vs_currency: str, moment: datetime, max_age: timedelta
    ) -> tuple[Observation, Provenance]:
        """Take the price of ``coin`` as the observation of ``moment``.

        The quote's own time decides, not the clock here: a current price is never stamped as a past one.

        Raises:
            MarketUnavailableError: No usable answer, after all tries.
            CallQuotaError: No request may be made for now.
            RequestRefusedError: CoinGecko refused the request.
            UnexpectedAnswerError: The answer is not what ``/coins/markets`` promises.
            UnknownCoinError: CoinGecko doesn't know the coin.
            InvalidQuoteError: The quote holds a value that can't be true.
            MomentMismatchError: The quote is further than ``max_age`` from ``moment``.
        """
        answer = self.ask((coin,), vs_currency)
        return find_observation(answer, coin, moment, max_age)

    def ask(self, coins: Page, vs_currency: str) -> MarketAnswer:
        """Ask for the current quotes of ``coins``, of which the answer may leave out some.

        Raises:
            MarketUnavailableError: No usable answer, after all tries.
            CallQuotaError: No request may be made for now.
            RequestRefusedError: CoinGecko refused the request.
            UnexpectedAnswerError: The answer is no list.
        """
        parameters = {
            "vs_currency": vs_currency,
            "ids": ",".join(coins),
            "per_page": str(COINS_PER_CALL),
            "price_change_percentage": "1h,24h",
        }

        def ask_once() -> MarketAnswer:
            requested_at = to_moment(self.now())
            answer = self.transport.get("/coins/markets", parameters)
            return MarketAnswer(vs_currency, coins, answer.url, requested_at, answer.body)

        with evidence(requested_at=to_moment(self.now())):
            answer = self.retry_policy.call(ask_once)
        with evidence(answer=answer.body, url=answer.url, requested_at=answer.requested_at):
            check_list(answer.body)
        return answer


def find_observation(
    answer: MarketAnswer, coin: str, moment: datetime, max_age: timedelta
) -> tuple[Observation, Provenance]:
    """The observation of ``moment`` in an answer that may hold other coins too, whatever those hold.

    Raises:
        UnknownCoinError: The answer leaves the coin out.
        UnexpectedAnswerError: The coin's part isn't what ``/coins/markets`` promises.
        InvalidQuoteError: The quote holds a value that can't be true.
        MomentMismatchError: The quote is further than ``max_age`` from ``moment``.
    """
    address = _address_of(coin, answer)
    with evidence(answer=answer.body, url=address, requested_at=answer.requested_at):
        quote = find_quote(answer.body, coin)
        if quote is None:
            raise UnknownCoinError(coin)
        with evidence(answer=quote.text.encode()):
            _check_moment(quote, moment, max_age)
    observation = Observation(
        coin=coin,
        vs_currency=answer.vs_currency,
        moment=moment,
        price=quote.price,
        change_1h_percent=quote.change_1h_percent,
        change_24h_percent=quote.change_24h_percent,
        market_cap=quote.market_cap,
        total_volume=quote.total_volume,
        last_updated=quote.last_updated,
    )
    return observation, Provenance(
        url=address,
        requested_at=answer.requested_at,
        status=HTTPStatus.OK,
        answer=quote.text,
    )


def _address_of(coin: str, answer: MarketAnswer) -> str:
    """The address for the archive: kilobytes of other coins' ids in each snapshot would tell nobody more."""
    if len(answer.coins) == 1:
        return answer.url
    parts = urlsplit(answer.url)
    query = [(name, coin if name == "ids" else value) for name, value in parse_qsl(parts.query)]
    fragment = f"coins={len(answer.coins)}&sha256={hashlib.sha256(answer.body).hexdigest()}"
    return urlunsplit(parts._replace(query=urlencode(query), fragment=fragment))


def _check_moment(quote: Quote, moment: datetime, max_age: timedelta) -> None:
    if abs(quote.last_updated - moment) > max_age:
        raise MomentMismatchError(
            quote.coin,
            format_moment(moment),
            format_moment(quote.last_updated),
            hint=f"quality.max_age allows {int(max_age.total_seconds())} s between them",
        )

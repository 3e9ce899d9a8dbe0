"""CoinGecko's current quote → the observation of a run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

from pipeline_lib.errors import MomentMismatchError, UnknownCoinError
from pipeline_lib.market.evidence import evidence
from pipeline_lib.market.quotes import Quote, find_quote
from pipeline_lib.market.transport import Transport
from pipeline_lib.observation import Observation, Provenance
from pipeline_lib.retrying import RetryPolicy
from pipeline_lib.timestamps import format_moment, to_moment


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
            RequestRefusedError: CoinGecko refused the request.
            UnexpectedAnswerError: The answer is not what ``/coins/markets`` promises.
            UnknownCoinError: CoinGecko doesn't know the coin.
            InvalidQuoteError: The quote holds a value that can't be true.
            MomentMismatchError: The quote is further than ``max_age`` from ``moment``.
        """
        parameters = {
            "vs_currency": vs_currency,
            "ids": coin,
            "per_page": "250",
            "price_change_percentage": "1h,24h",
        }
        requested_at = to_moment(self.now())
        with evidence(requested_at=requested_at):
            answer = self.retry_policy.call(lambda: self.transport.get("/coins/markets", parameters))
        with evidence(answer=answer.body, url=answer.url, requested_at=requested_at):
            quote = find_quote(answer.body, coin)
            if quote is None:
                raise UnknownCoinError(coin)
        with evidence(answer=quote.text.encode(), url=answer.url, requested_at=requested_at):
            _check_moment(quote, moment, max_age)
        observation = Observation(
            coin=coin,
            vs_currency=vs_currency,
            moment=moment,
            price=quote.price,
            change_1h_percent=quote.change_1h_percent,
            change_24h_percent=quote.change_24h_percent,
            market_cap=quote.market_cap,
            total_volume=quote.total_volume,
            last_updated=quote.last_updated,
        )
        return observation, Provenance(
            url=answer.url, requested_at=requested_at, status=HTTPStatus.OK, answer=quote.text
        )


def _check_moment(quote: Quote, moment: datetime, max_age: timedelta) -> None:
    if abs(quote.last_updated - moment) > max_age:
        raise MomentMismatchError(
            quote.coin,
            format_moment(moment),
            format_moment(quote.last_updated),
            hint=f"quality.max_age allows {int(max_age.total_seconds())} s between them",
        )

"""CoinGecko: its current quotes and its history, asked for with retries and read far enough to be kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.errors import (
    RequestRefusedError,
    UnexpectedAnswerError,
    UnknownCoinError,
    UnusableAnswerError,
)
from pipeline_lib.market.history.charts import read_chart
from pipeline_lib.market.history.ranges import HistoryRange
from pipeline_lib.market.quotes.observations import find_observation
from pipeline_lib.market.quotes.pages import Page, number_by_rank
from pipeline_lib.market.quotes.parsing import check_list
from pipeline_lib.market.transport import Answer, Transport
from pipeline_lib.model.answers import HistoryAnswer, MarketAnswer
from pipeline_lib.model.call_plan import COINS_PER_CALL
from pipeline_lib.model.observation import HISTORY_PATH_END, Snapshot


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

    def observe(self, coin: str, vs_currency: str, moment: datetime, max_age: timedelta) -> Snapshot:
        """Take the current price of ``coin`` as the observation of ``moment``.

        Args:
            coin: CoinGecko id.
            vs_currency: The currency that the price is in.
            moment: The run's moment (UTC).
            max_age: How far the quote's time may lie from ``moment``, in either direction.

        Raises:
            MarketUnavailableError: No usable answer, after all tries.
            WaitNeededError: It is to be asked later.
            CallQuotaError: Nobody can say whether a request may be made.
            RequestRefusedError: CoinGecko refused the request.
            UnexpectedAnswerError: The answer is not what ``/coins/markets`` promises.
            UnknownCoinError: CoinGecko doesn't know the coin.
            InvalidQuoteError: The quote holds a value that can't be true.
            MomentMismatchError: The quote is further than ``max_age`` from ``moment``.
        """
        return find_observation(self.ask_quotes((coin,), vs_currency), coin, moment, max_age)

    def ask_quotes(self, coins: Page, vs_currency: str) -> MarketAnswer:
        """Ask for the current quotes of a page, of which the answer may leave out some.

        Raises:
            MarketUnavailableError: No usable answer, after all tries.
            WaitNeededError: It is to be asked later.
            CallQuotaError: Nobody can say whether a request may be made.
            RequestRefusedError: CoinGecko refused the request.
            UnexpectedAnswerError: The answer is no list.
        """
        by_rank = number_by_rank(coins)
        parameters = {
            "vs_currency": vs_currency,
            **(
                {"ids": ",".join(coins)}
                if by_rank is None
                else {"order": "market_cap_desc", "page": str(by_rank)}
            ),
            "per_page": str(COINS_PER_CALL),
            "price_change_percentage": "1h,24h",
        }
        answer, requested_at = self._call(lambda: self.transport.get("/coins/markets", parameters))
        try:
            check_list(answer.body)
        except UnexpectedAnswerError as error:
            error.attach(answer.body, answer.url, requested_at)
            raise
        return MarketAnswer(vs_currency, coins, answer.url, requested_at, answer.body)

    def ask_history(self, coin: str, vs_currency: str, wanted: HistoryRange) -> HistoryAnswer:
        """Ask for the points of a range of time.

        Args:
            coin: CoinGecko id.
            vs_currency: The currency that prices are in.
            wanted: The range.

        Raises:
            MarketUnavailableError: No usable answer, after all tries.
            WaitNeededError: It is to be asked later.
            CallQuotaError: Nobody can say whether a request may be made.
            RequestRefusedError: CoinGecko refused the request.
            UnknownCoinError: CoinGecko doesn't know the coin.
            UnexpectedAnswerError: The answer is no chart.
        """
        parameters = {
            "vs_currency": vs_currency,
            "from": str(int(wanted.start.timestamp())),
            "to": str(int(wanted.end.timestamp())),
        }

        def get() -> Answer:
            try:
                return self.transport.get(f"/coins/{coin}{HISTORY_PATH_END}", parameters)
            except RequestRefusedError as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    raise UnknownCoinError(coin) from error
                raise

        answer, requested_at = self._call(get)
        try:
            read_chart(answer.body)
        except UnexpectedAnswerError as error:
            error.attach(answer.body, answer.url, requested_at)
            raise
        return HistoryAnswer(wanted.start, wanted.end, requested_at, answer.url, answer.body)

    def _call(self, get: Callable[[], Answer]) -> tuple[Answer, datetime]:
        """An answer after as many tries as it takes, and when it was asked for (UTC, to the second)."""

        def call_once() -> tuple[Answer, datetime]:
            requested_at = to_moment(self.now())
            try:
                return get(), requested_at
            except UnusableAnswerError as error:
                error.requested_at = requested_at
                raise

        return self.retry_policy.call(call_once)

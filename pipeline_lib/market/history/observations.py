"""CoinGecko's history → the observation of a run whose moment has passed."""

from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

from pipeline_lib.common.percent import percent_change
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.errors import UnusableAnswerError
from pipeline_lib.market.history.past_quotes import find_past_quote
from pipeline_lib.model.answers import HistoryAnswer
from pipeline_lib.model.observation import Observation, Provenance, Snapshot

HISTORY_LAG = timedelta(hours=1)
"""How long after a moment its points may still come: a recorded answer ended 29 minutes before its time."""


def find_past_observation(
    answer: HistoryAnswer, coin: str, vs_currency: str, moment: datetime, tolerance: timedelta
) -> Snapshot:
    """The observation of ``moment`` in the history of its coin, with its moves to ten decimal places.

    Args:
        answer: The coin's history.
        coin: CoinGecko id.
        vs_currency: The currency that the history is in.
        moment: The run's moment (UTC).
        tolerance: How long before its moment a point may lie.

    Raises:
        UnexpectedAnswerError: The answer is not what the endpoint promises.
        InvalidQuoteError: One of the points holds a value that can't be true.
        HistoryGapError: There is no price of the moment.
    """
    try:
        quote = find_past_quote(answer.body, coin, moment, tolerance)
    except UnusableAnswerError as error:
        error.attach(answer.body, answer.url, answer.requested_at)
        raise

    def move_since(before: Decimal | None) -> Decimal | None:
        return None if before is None else percent_change(before, quote.price)

    observation = Observation(
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
    return Snapshot(observation, Provenance(answer.url, answer.requested_at, HTTPStatus.OK, quote.text))

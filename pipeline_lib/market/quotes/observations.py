"""CoinGecko's current quote → the observation of a run."""

import hashlib
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pipeline_lib.common.timestamps import CLOCK_TOLERANCE, format_moment
from pipeline_lib.errors import InvalidQuoteError, MomentMismatchError, UnusableAnswerError
from pipeline_lib.market.quotes.parsing import Quote, find_text, read_quote
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.model.observation import Observation, Provenance, Snapshot


def find_observation(answer: MarketAnswer, coin: str, moment: datetime, max_age: timedelta) -> Snapshot:
    """The observation of ``moment`` in an answer that may hold other coins too, whatever those hold.

    The quote's own time decides, not the clock here: a current price is never stamped as a past one.

    Args:
        answer: Current quotes.
        coin: CoinGecko id.
        moment: The run's moment (UTC).
        max_age: How far the quote's time may lie from ``moment``, in either direction.

    Raises:
        UnknownCoinError: The answer leaves the coin out.
        UnexpectedAnswerError: The coin's part isn't what ``/coins/markets`` promises.
        InvalidQuoteError: The quote holds a value that can't be true, such as a time after the request.
        MomentMismatchError: The quote is further than ``max_age`` from ``moment``.
    """
    url = _address_of(coin, answer)
    refused = answer.body
    try:
        text = find_text(answer.body, coin)
        # From here on the other coins' parts have nothing to do with it.
        refused = text.encode()
        quote = read_quote(coin, text)
        _check_moment(quote, moment, max_age, answer.requested_at)
    except UnusableAnswerError as error:
        error.attach(refused, url, answer.requested_at)
        raise
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
    return Snapshot(observation, Provenance(url, answer.requested_at, HTTPStatus.OK, text))


def _address_of(coin: str, answer: MarketAnswer) -> str:
    """The address for the archive: kilobytes of other coins' ids in each snapshot would tell nobody more."""
    if len(answer.coins) == 1:
        return answer.url
    parts = urlsplit(answer.url)
    query = [(name, coin if name == "ids" else value) for name, value in parse_qsl(parts.query)]
    fragment = f"coins={len(answer.coins)}&sha256={hashlib.sha256(answer.body).hexdigest()}"
    return urlunsplit(parts._replace(query=urlencode(query), fragment=fragment))


def _check_moment(quote: Quote, moment: datetime, max_age: timedelta, requested_at: datetime) -> None:
    if quote.last_updated > requested_at + CLOCK_TOLERANCE:
        # No price has a time to come. Taken for the newest one, it would send every run to history until
        # that time; taken for the price of its moment, it would be one that nobody can have known.
        raise InvalidQuoteError(
            quote.coin,
            "last_updated",
            format_moment(quote.last_updated),
            f"after the request of {format_moment(requested_at)}",
            hint="check the clock of this machine: it may be slow",
        )
    if abs(quote.last_updated - moment) <= max_age:
        return
    raise MomentMismatchError(
        quote.coin,
        format_moment(moment),
        format_moment(quote.last_updated),
        hint="where CoinGecko updates this coin less often, raise quality.max_age in the spec"
        f" (now {int(max_age.total_seconds())} s)",
    )

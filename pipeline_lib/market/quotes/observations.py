"""CoinGecko's current quotes → the observations of a run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pipeline_lib.common.timestamps import CLOCK_TOLERANCE, format_moment
from pipeline_lib.errors import (
    InvalidQuoteError,
    MomentMismatchError,
    UnexpectedAnswerError,
    UnknownCoinError,
    UnusableAnswerError,
)
from pipeline_lib.market.quotes.pages import number_by_rank
from pipeline_lib.market.quotes.parsing import Quote, find_texts, read_quote
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.model.observation import Observation, Provenance, Snapshot

# No id has capital letters.
_COIN = "COIN"


@dataclass(frozen=True, slots=True)
class Quotes:
    """An answer of many coins, read far enough that each coin's part can be looked at by itself.

    Attributes:
        answer: The answer.
        texts: Each coin's part, letter for letter, in the answer's order.
        address: That asks for one coin alone, with ``_COIN`` in the place of its id.
    """

    answer: MarketAnswer
    texts: Mapping[str, str]
    address: str

    @classmethod
    def of(cls, answer: MarketAnswer) -> "Quotes":
        """The quotes of an answer.

        Raises:
            UnexpectedAnswerError: It is no list; carries the answer.
        """
        try:
            texts = find_texts(answer.body)
        except UnexpectedAnswerError as error:
            error.attach(answer.body, answer.url, answer.requested_at)
            raise
        return cls(answer, texts, _address_of_one(answer, texts))

    def observe(self, coin: str, moment: datetime, max_age: timedelta) -> Snapshot:
        """The observation of a moment, whatever the parts of other coins hold.

        The quote's own time decides, not the clock here: a current price is never stamped as a past one.

        Args:
            coin: CoinGecko id.
            moment: The run's moment (UTC).
            max_age: How far the quote's time may lie from ``moment``, in either direction.

        Raises:
            UnknownCoinError: The answer leaves the coin out.
            UnexpectedAnswerError: The coin's part isn't what ``/coins/markets`` promises.
            InvalidQuoteError: The quote holds a value that can't be true, such as a time after the request.
            MomentMismatchError: The quote is further than ``max_age`` from ``moment``.
        """
        answer, text = self.answer, self.texts.get(coin)
        url = self.address.replace(_COIN, quote(coin))
        if text is None:
            # What came says nothing of the coin; where it is of others alone, it isn't worth its kilobytes.
            came = answer.body if len(answer.coins) == 1 else _names(self.texts)
            raise UnknownCoinError(coin).attach(came, url, answer.requested_at)
        try:
            found = read_quote(coin, text)
            _check_moment(found, moment, max_age, answer.requested_at)
        except UnusableAnswerError as error:
            error.attach(text.encode(), url, answer.requested_at)
            raise
        observation = Observation(
            coin=coin,
            vs_currency=answer.vs_currency,
            moment=moment,
            price=found.price,
            change_1h_percent=found.change_1h_percent,
            change_24h_percent=found.change_24h_percent,
            market_cap=found.market_cap,
            total_volume=found.total_volume,
            last_updated=found.last_updated,
        )
        return Snapshot(observation, Provenance(url, answer.requested_at, HTTPStatus.OK, text))


def find_observation(answer: MarketAnswer, coin: str, moment: datetime, max_age: timedelta) -> Snapshot:
    """The observation of one coin in an answer: see :meth:`Quotes.observe`.

    Args:
        answer: Current quotes.
        coin: CoinGecko id.
        moment: The run's moment (UTC).
        max_age: How far the quote's time may lie from ``moment``, in either direction.

    Raises:
        UnusableAnswerError: There is none.
    """
    return Quotes.of(answer).observe(coin, moment, max_age)


def join_sources(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Snapshots with one source for all that come from one answer: the list of their parts of it."""
    groups: dict[tuple[datetime, str], list[Snapshot]] = {}
    for each in snapshots:
        source = each.provenance
        groups.setdefault((source.requested_at, urlsplit(source.url).fragment), []).append(each)
    joined: list[Snapshot] = []
    for (_, fragment), group in groups.items():
        if not fragment or len(group) == 1:
            joined += group
            continue
        source = group[0].provenance
        coins = tuple(each.observation.coin for each in group)
        answer = "[" + ",\n".join(each.provenance.answer for each in group) + "]"
        shared = replace(source, url=_narrowed(source.url, coins, fragment), answer=answer)
        joined += [replace(each, provenance=shared) for each in group]
    return joined


def _address_of_one(answer: MarketAnswer, texts: Mapping[str, str]) -> str:
    """The address for the archive: kilobytes of other coins' ids in each snapshot tell nobody more."""
    by_rank = number_by_rank(answer.coins) is not None
    if len(answer.coins) == 1 and not by_rank:
        return answer.url
    count = len(texts if by_rank else answer.coins)
    fragment = f"coins={count}&sha256={hashlib.sha256(answer.body).hexdigest()}"
    return _narrowed(answer.url, (_COIN,), fragment)


def _names(texts: Mapping[str, str]) -> bytes:
    return json.dumps(list(texts)).encode()


def _narrowed(url: str, coins: Sequence[str], fragment: str) -> str:
    """The address that asks for ``coins`` alone, where it asks for coins by their ids."""
    parts = urlsplit(url)
    query = [(name, ",".join(coins) if name == "ids" else value) for name, value in parse_qsl(parts.query)]
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

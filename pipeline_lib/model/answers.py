"""Whole answers of the market, before anything is read from them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MarketAnswer:
    """The current quotes of all coins that were asked for together.

    Attributes:
        vs_currency: The currency that its prices are in.
        coins: The CoinGecko ids that were asked for.
        url: The request's address; holds no key, since keys travel in headers.
        requested_at: When it was asked for, by the real clock (UTC, to the second).
        body: The bytes of the body, as they came.
    """

    vs_currency: str
    coins: tuple[str, ...]
    url: str
    requested_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class AnsweredRange:
    """What an answer of history is of, without the answer.

    Attributes:
        start: The first moment that was asked for (UTC, to the second).
        end: The last one.
        requested_at: When it was asked for, by the real clock (UTC, to the second).
    """

    start: datetime
    end: datetime
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """The history of one coin over a range of time.

    Attributes:
        start: The first moment that was asked for (UTC, to the second).
        end: The last one.
        requested_at: When it was asked for, by the real clock (UTC, to the second).
        url: The request's address, which holds no key.
        body: The answer, letter for letter: one JSON value.
    """

    start: datetime
    end: datetime
    requested_at: datetime
    url: str
    body: bytes

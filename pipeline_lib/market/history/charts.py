"""The body of ``/coins/{id}/market_chart/range`` → points in time, each number letter for letter."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NoReturn, TypeAlias

from pipeline_lib.common.http.bounded_json import NumberText, read_json
from pipeline_lib.errors import MalformedJsonError, UnexpectedAnswerError

# 13 digits reach into the year 2286.
_MILLISECONDS = re.compile(r"[1-9][0-9]{0,12}")
_PAIR = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Series: TypeAlias = Mapping[int, object]
"""What was sent, by UNIX time in milliseconds; a number as ``NumberText``. Nulls are left out."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The history of one coin over a range of time.

    CoinGecko's points come in disorder at times, and its last one is of the moment of asking. So they are
    kept by their time; of two points with one time the later one in the body counts.

    Attributes:
        times: When there is a price, in UNIX milliseconds, oldest first.
        prices: The prices.
        market_caps: The market capitalisations; empty when the body has none.
        total_volumes: The volumes of the 24 hours before; empty when the body has none.
    """

    times: Sequence[int]
    prices: Series
    market_caps: Series
    total_volumes: Series

    def last_before(self, moment: datetime) -> int | None:
        """When the last price up to and including ``moment`` is of, or None before the first."""
        place = bisect_right(self.times, (moment - _EPOCH) // timedelta(milliseconds=1))
        return self.times[place - 1] if place else None


# A backfill reads each of its few answers hundreds of times.
@lru_cache(maxsize=2)
def read_chart(body: bytes) -> Chart:
    """Read a body of ``/coins/{id}/market_chart/range``.

    What the values hold is looked at when they are used: one impossible price spoils no other moment.

    Raises:
        UnexpectedAnswerError: The body is not a JSON object with lists of points.
    """
    try:
        document = read_json(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnexpectedAnswerError("CoinGecko's history is not UTF-8 text") from error
    except MalformedJsonError as error:
        raise UnexpectedAnswerError(f"CoinGecko's history {error}") from error
    if not isinstance(document, dict):
        _refuse("is no object")
    if "prices" not in document:
        _refuse("has no prices")
    prices = _series(document, "prices")
    return Chart(sorted(prices), prices, _series(document, "market_caps"), _series(document, "total_volumes"))


def point_time(milliseconds: int) -> datetime:
    """A point's time (UTC, to the millisecond)."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _series(document: Mapping[str, object], name: str) -> Series:
    points = document.get(name, [])
    if not isinstance(points, list):
        _refuse(f"has {name} that are no list")
    series = {}
    for point in points:
        if not (isinstance(point, list) and len(point) == _PAIR):
            _refuse(f"has something among its {name} that is no pair of time and value")
        time, value = point
        if not (isinstance(time, NumberText) and _MILLISECONDS.fullmatch(time)):
            _refuse(f"has a point among its {name} whose time is no number of milliseconds")
        if value is not None:
            series[int(time)] = value
    return series


def _refuse(reason: str) -> NoReturn:
    raise UnexpectedAnswerError(f"CoinGecko's history {reason}")

"""Prices over time: what the simulated market is made of."""

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.errors import TableDamagedError

_COLUMNS = ("timestamp", "close_usd")
_COLUMNS_WITH_VOLUME = ("timestamp", "close_usd", "volume_usd")
_HINT = (
    "a price file has the columns timestamp,close_usd[,volume_usd], its oldest row first, "
    "and times such as 2018-02-05T14:00:00Z"
)


class Quote(NamedTuple):
    """One point of a series; a tuple, since a page of CoinGecko's is made from thousands.

    Attributes:
        time: When the price was made, UTC.
        price: US dollars; keeps the digits it was written with.
        volume: US dollars, or None where the series has none.
    """

    time: datetime
    price: Decimal
    volume: Decimal | None


class PriceSeries(Protocol):
    """Hourly closes of one coin."""

    def quote_at(self, moment: datetime) -> Quote | None:
        """The last close at or before ``moment``, or None before the series starts."""

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:
        """All closes from ``start`` to ``end``, both included, oldest first."""


class CsvSeries:
    """A series read once from a CSV file.

    After its last row a series stands still: the last close is quoted for ever.
    """

    def __init__(self, path: Path) -> None:
        """Read ``path``.

        Raises:
            TableDamagedError: The file can't be read, or a line doesn't fit.
        """
        self._quotes = _read(path)
        self._times = [quote.time for quote in self._quotes]

    def quote_at(self, moment: datetime) -> Quote | None:
        """The last close at or before ``moment``, or None before the first row."""
        position = bisect_right(self._times, moment)
        return self._quotes[position - 1] if position else None

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:
        """All closes from ``start`` to ``end``, both included, oldest first."""
        return self._quotes[bisect_left(self._times, start) : bisect_right(self._times, end)]


def _read(path: Path) -> list[Quote]:
    quotes: list[Quote] = []
    line = 1
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = tuple(next(rows, ()))
            if header not in (_COLUMNS, _COLUMNS_WITH_VOLUME):
                raise TableDamagedError(path, 1, f"the header is {','.join(header)!r}", hint=_HINT)
            for values in rows:
                line = rows.line_num
                if len(values) != len(header):
                    raise TableDamagedError(
                        path, line, f"{counted(len(values), 'value')}, not {len(header)}", hint=_HINT
                    )
                quote = _quote(values)
                if quotes and quote.time <= quotes[-1].time:
                    raise TableDamagedError(path, line, f"{values[0]} is not after the row above", hint=_HINT)
                quotes.append(quote)
    except OSError as error:
        raise TableDamagedError(path, 1, f"the file can't be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise TableDamagedError(path, line, str(error), hint=_HINT) from error
    if not quotes:
        raise TableDamagedError(path, 1, "the file has no row below the header", hint=_HINT)
    return quotes


def _quote(values: Sequence[str]) -> Quote:
    price = _number(values[1])
    if price <= 0:
        raise ValueError(f"the price {values[1]!r} is not above zero")
    volume = _number(values[2]) if len(values) == len(_COLUMNS_WITH_VOLUME) and values[2] else None
    return Quote(parse_moment(values[0]), price, volume)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return number

"""An observation as a row of CSV, and back, digit for digit."""

import re
from collections.abc import Mapping
from decimal import Decimal
from operator import itemgetter
from sys import intern

from pipeline_lib.common.counting import counted
from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.model.observation import Observation

COLUMNS = (
    "timestamp",
    "coin",
    "vs_currency",
    "price",
    "change_1h_percent",
    "change_24h_percent",
    "market_cap",
    "total_volume",
    "last_updated",
)
HEADER = ",".join(COLUMNS) + "\n"

_REQUIRED = ("timestamp", "coin", "vs_currency", "price", "last_updated")
_IN_ORDER = itemgetter(*COLUMNS)
# An exponent could ask for more digits than there is memory.
_DIGITS = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def to_fields(observation: Observation) -> dict[str, str]:
    """The values of a row by column; an empty text stands for what the source didn't give."""
    return {
        "timestamp": format_moment(observation.moment),
        "coin": observation.coin,
        "vs_currency": observation.vs_currency,
        "price": format_decimal(observation.price),
        "change_1h_percent": format_decimal(observation.change_1h_percent),
        "change_24h_percent": format_decimal(observation.change_24h_percent),
        "market_cap": format_decimal(observation.market_cap),
        "total_volume": format_decimal(observation.total_volume),
        "last_updated": format_moment(observation.last_updated),
    }


def from_fields(fields: Mapping[str, str]) -> Observation:
    """The observation that ``to_fields`` made these values of.

    Raises:
        ValueError: A value is missing or can't be read; the text says which.
    """
    try:
        moment, coin, vs_currency, price, hour, day, market_cap, volume, last_updated = _IN_ORDER(fields)
    except KeyError as error:
        raise ValueError(f"no {error.args[0]}") from None
    if not (moment and coin and vs_currency and price and last_updated):
        raise ValueError(f"no {next(column for column in _REQUIRED if not fields[column])}")
    if (number := _number(price, "price")) <= 0:
        raise ValueError(f"price is {price!r}, not above zero")
    return Observation(
        intern(coin),
        intern(vs_currency),
        parse_moment(moment),
        number,
        _number(hour, "change_1h_percent") if hour else None,
        _number(day, "change_24h_percent") if day else None,
        _number(market_cap, "market_cap") if market_cap else None,
        _number(volume, "total_volume") if volume else None,
        parse_moment(last_updated),
    )


def encode_row(observation: Observation) -> str:
    """A line of the raw log. No value can hold a comma or a quote, so none is quoted."""
    return ",".join(to_fields(observation).values()) + "\n"


def decode_row(line: str) -> Observation:
    """The observation of a line, with or without its line end.

    Raises:
        ValueError: The line is not a row; the text says why.
    """
    values = line.rstrip("\r\n").split(",")
    if len(values) != len(COLUMNS):
        raise ValueError(f"{counted(len(values), 'value')} instead of {len(COLUMNS)}")
    return from_fields(dict(zip(COLUMNS, values, strict=True)))


def format_decimal(value: Decimal | None) -> str:
    """Plain digits without an exponent: ``0.00000007``; empty for None."""
    return "" if value is None else to_digits(value)


def _number(text: str, column: str) -> Decimal:
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"{column} is {text!r}, not written as digits")
    return Decimal(text)

"""An observation as a row of CSV, and back, digit for digit."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

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
    return Observation(
        coin=_required(fields, "coin"),
        vs_currency=_required(fields, "vs_currency"),
        moment=parse_moment(_required(fields, "timestamp")),
        price=_positive_number(_required(fields, "price"), "price"),
        change_1h_percent=_optional_number(fields, "change_1h_percent"),
        change_24h_percent=_optional_number(fields, "change_24h_percent"),
        market_cap=_optional_number(fields, "market_cap"),
        total_volume=_optional_number(fields, "total_volume"),
        last_updated=parse_moment(_required(fields, "last_updated")),
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
        raise ValueError(f"{len(values)} values instead of {len(COLUMNS)}")
    return from_fields(dict(zip(COLUMNS, values, strict=True)))


def format_decimal(value: Decimal | None) -> str:
    """Plain digits without an exponent: ``0.00000007``; empty for None."""
    return "" if value is None else f"{value:f}"


def _required(fields: Mapping[str, str], column: str) -> str:
    if not fields.get(column):
        raise ValueError(f"no {column}")
    return fields[column]


def _optional_number(fields: Mapping[str, str], column: str) -> Decimal | None:
    if column not in fields:
        raise ValueError(f"no {column}")
    return _number(fields[column], column) if fields[column] else None


def _positive_number(text: str, column: str) -> Decimal:
    number = _number(text, column)
    if number <= 0:
        raise ValueError(f"{column} is {text!r}, not above zero")
    return number


def _number(text: str, column: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"{column} is {text!r}, not a number")
    return number

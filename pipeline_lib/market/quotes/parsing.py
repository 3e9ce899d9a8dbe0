"""The body of ``/coins/markets`` → quotes, each with its own part of the body letter for letter."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, cast

from pipeline_lib.common.http.bounded_json import NumberText, cut_depths, read_json
from pipeline_lib.common.http.foreign_text import shorten
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.errors import InvalidQuoteError, MalformedJsonError, UnexpectedAnswerError
from pipeline_lib.market.numbers import exact_number

_WHITE_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Quote:
    """What CoinGecko says of one coin, right now.

    Attributes:
        coin: CoinGecko id.
        price: ``current_price``.
        change_1h_percent: ``price_change_percentage_1h_in_currency``, or None.
        change_24h_percent: ``price_change_percentage_24h_in_currency``, or None.
        market_cap: ``market_cap``, or None.
        total_volume: ``total_volume``, or None.
        last_updated: When the quote is of (UTC, to the second).
        text: The coin's object in the body, letter for letter.
    """

    coin: str
    price: Decimal
    change_1h_percent: Decimal | None
    change_24h_percent: Decimal | None
    market_cap: Decimal | None
    total_volume: Decimal | None
    last_updated: datetime
    text: str


def find_texts(body: bytes) -> Mapping[str, str]:
    """The object of each coin in a body of ``/coins/markets``, letter for letter and in its order.

    Of two objects of one coin, the first counts.

    Raises:
        UnexpectedAnswerError: The body is not a JSON list.
    """
    texts: dict[str, str] = {}
    for row, text in _rows(body):
        coin = row.get("id")
        if isinstance(coin, str):
            texts.setdefault(coin, text)
    return texts


def read_quote(coin: str, text: str) -> Quote:
    """The quote in the object of ``coin``.

    Raises:
        UnexpectedAnswerError: The object lacks a field, or holds something that is no JSON.
        InvalidQuoteError: A field holds a value that can't be true.
    """
    row = _read_row(text)
    price = _number(coin, row, "current_price")
    if price is None:
        raise InvalidQuoteError(coin, "current_price", "null", "and a null is not a price")
    if price <= 0:
        raise InvalidQuoteError(coin, "current_price", str(price), "and a price is greater than zero")
    return Quote(
        coin=coin,
        price=price,
        change_1h_percent=_number(coin, row, "price_change_percentage_1h_in_currency"),
        change_24h_percent=_number(coin, row, "price_change_percentage_24h_in_currency"),
        market_cap=_number(coin, row, "market_cap"),
        total_volume=_number(coin, row, "total_volume"),
        last_updated=_time(coin, row),
        text=text,
    )


def check_list(body: bytes) -> None:
    """Make sure that a body of ``/coins/markets`` is a whole list, whatever its items are.

    Raises:
        UnexpectedAnswerError: It isn't one.
    """
    for _ in _rows(body):
        pass


def _rows(body: bytes) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The objects of the list; what they hold is checked for the coin that is looked for alone."""
    decoder = json.JSONDecoder(parse_float=_forget, parse_int=_forget, parse_constant=_forget)
    try:
        text = shallow = body.decode("utf-8")
        position = _skip(text, 0)
        if text[position : position + 1] != "[":
            _refuse("is not a list")
        position = _skip(text, position + 1)
        while text[position : position + 1] != "]":
            try:
                row, end = decoder.raw_decode(shallow, position)
            except RecursionError:
                shallow = cut_depths(text)
                row, end = decoder.raw_decode(shallow, position)
            if isinstance(row, dict):
                yield row, text[position:end]
            position = _skip(text, end)
            if text[position : position + 1] == ",":
                position = _skip(text, position + 1)
            elif text[position : position + 1] != "]":
                _refuse("ends in the middle")
    except UnicodeDecodeError as error:
        raise UnexpectedAnswerError("CoinGecko's answer is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise UnexpectedAnswerError(f"CoinGecko's answer is not JSON: {error}") from error


def _read_row(text: str) -> Mapping[str, Any]:
    try:
        return cast("Mapping[str, Any]", read_json(text))
    except MalformedJsonError as error:
        raise UnexpectedAnswerError(f"CoinGecko's answer {error}") from error


def _forget(_number: str) -> None:
    """In the place of a number that nobody looks at."""


def _skip(text: str, position: int) -> int:
    while text[position : position + 1] in _WHITE_SPACE and position < len(text):
        position += 1
    return position


def _refuse(reason: str) -> NoReturn:
    raise UnexpectedAnswerError(f"CoinGecko's answer {reason}")


def _field(coin: str, row: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 (whatever the JSON holds)
    if field not in row:
        raise UnexpectedAnswerError(f"CoinGecko's answer for {coin!r} has no field {field}")
    return row[field]


def _number(coin: str, row: Mapping[str, Any], field: str) -> Decimal | None:
    value = _field(coin, row, field)
    return None if value is None else exact_number(coin, field, value)


def _time(coin: str, row: Mapping[str, Any]) -> datetime:
    value = _field(coin, row, "last_updated")
    try:
        return parse_moment("" if isinstance(value, NumberText) else value)
    except (TypeError, ValueError) as error:
        shown = shorten(repr(value))
        raise InvalidQuoteError(coin, "last_updated", shown, "not a time with its zone") from error

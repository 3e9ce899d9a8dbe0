import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline_lib.errors import InvalidQuoteError, MarketError, UnexpectedAnswerError
from pipeline_lib.market.quotes.parsing import Quote, check_list, find_texts, read_quote

NUMBERS = [
    "current_price",
    "market_cap",
    "total_volume",
    "price_change_percentage_1h_in_currency",
    "price_change_percentage_24h_in_currency",
]
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda below: st.one_of(
        st.lists(below, max_size=2), st.dictionaries(st.text(max_size=3), below, max_size=2)
    ),
    max_leaves=4,
)
ROWS = st.fixed_dictionaries(
    {"id": st.sampled_from(["bitcoin", "ethereum"])},
    optional={
        **dict.fromkeys(NUMBERS, st.one_of(VALUES, st.floats(0.001, 1e9))),
        "last_updated": st.one_of(VALUES, st.just("2018-02-05T14:00:00Z")),
    },
)


def found(body: str, coin: str = "bitcoin") -> Quote:
    return read(body.encode(), coin)


def read(body: bytes, coin: str = "bitcoin") -> Quote:
    return read_quote(coin, find_texts(body)[coin])


def test_a_quote_has_every_field_of_its_row(row: Callable[..., str]) -> None:
    text = row()
    assert found(f"[{text}]") == Quote(
        coin="bitcoin",
        price=Decimal("7325.10"),
        change_1h_percent=Decimal("-1.50"),
        change_24h_percent=Decimal("12.0"),
        market_cap=Decimal(123456789012),
        total_volume=Decimal("9876543.5"),
        last_updated=datetime(2018, 2, 5, 14, 0, 7, tzinfo=UTC),
        text=text,
    )


@pytest.mark.parametrize(
    "digits", ["7325.10", "7e-08", "0.00000007", "7E-8", "1", "1.0", "100000000000000000000", "1e-30"]
)
def test_the_digits_arrive_exactly_as_sent(row: Callable[..., str], digits: str) -> None:
    quote = found(f"[{row(current_price=digits)}]")
    assert quote.price.as_tuple() == Decimal(digits).as_tuple()
    assert f'"current_price":{digits},' in quote.text


def test_the_coins_own_part_is_kept_letter_for_letter(row: Callable[..., str]) -> None:
    odd = '{ "name" : "B\\u0069t\\/coin é",\n\t' + row()[1:-1] + ' , "roi":null }'
    other = row(id='"ethereum"')
    body = f" \r\n[ {other} ,\n{odd}\t, {other} ]\n"
    assert found(body).text == odd


@pytest.mark.parametrize("field", NUMBERS[1:])
def test_a_null_stays_none_and_never_becomes_zero(row: Callable[..., str], field: str) -> None:
    quote = found(f"[{row(**{field: 'null'})}]")
    attribute = {
        "price_change_percentage_1h_in_currency": "change_1h_percent",
        "price_change_percentage_24h_in_currency": "change_24h_percent",
    }.get(field, field)
    assert getattr(quote, attribute) is None


@pytest.mark.parametrize(
    "body", ["[]", " [ ] ", "[{}]", '[{"id": null}]', '[{"id": "bitcoin-cash"}]', "[1]", "[NaN]"]
)
def test_a_body_without_the_coin_does_not_know_it(body: str) -> None:
    assert "bitcoin" not in find_texts(body.encode())


def test_of_two_rows_of_a_coin_the_first_counts_and_coins_come_in_their_order(
    row: Callable[..., str],
) -> None:
    rows = [row(id='"ethereum"'), row(), row(current_price="1"), '{"id": 1}', row(id='"a"')]
    texts = find_texts(f"[{','.join(rows)}]".encode())
    assert list(texts.items()) == [("ethereum", rows[0]), ("bitcoin", rows[1]), ("a", rows[4])]


@pytest.mark.parametrize(
    ("price", "shown", "reason"),
    [
        ("null", "null", "and a null is not a price"),
        ("0", "0", "and a price is greater than zero"),
        ("0.00", "0.00", "and a price is greater than zero"),
        ("-7325.1", "-7325.1", "and a price is greater than zero"),
        ('"7325.1"', "'7325.1'", "not a number"),
        ("true", "True", "not a number"),
        ("[1]", "[1]", "not a number"),
        ('"' + "x" * 5000 + '"', "'" + "x" * 198 + "…", "not a number"),
        ("9" * 5000, "1.000000e+5000", "beyond any possible value"),
        ("[" * 1000 + "]" * 1000, "[" * 31 + "''" + "]" * 31, "not a number"),
        ("1e21", "1.000000e+21", "beyond any possible value"),
        ("1e-31", "1.000000e-31", "beyond any possible value"),
        ("1e999999999", "1.000000e+999999999", "beyond any possible value"),
        ("1." + "1" * 40, "1.111111e+0", "beyond any possible value"),
    ],
)
def test_a_price_that_cant_be_one_is_refused(
    row: Callable[..., str], price: str, shown: str, reason: str
) -> None:
    with pytest.raises(InvalidQuoteError) as caught:
        found(f"[{row(current_price=price)}]")
    assert (caught.value.coin, caught.value.field, caught.value.value) == ("bitcoin", "current_price", shown)
    assert caught.value.message == f"quote of 'bitcoin' refused: current_price is {shown}, {reason}"


@pytest.mark.parametrize("field", NUMBERS[1:])
@pytest.mark.parametrize("value", ["0e999999999", "0e-999999999", "-1e21", '"5"', "false"])
def test_a_number_that_cant_be_one_is_refused(row: Callable[..., str], field: str, value: str) -> None:
    with pytest.raises(InvalidQuoteError) as caught:
        found(f"[{row(**{field: value})}]")
    assert caught.value.field == field


@pytest.mark.parametrize("field", NUMBERS[1:])
def test_a_true_zero_is_a_number(row: Callable[..., str], field: str) -> None:
    assert Decimal(0) in vars_of(found(f"[{row(**{field: '0.000'})}]"))


def vars_of(quote: Quote) -> list[Decimal | None]:
    return [quote.change_1h_percent, quote.change_24h_percent, quote.market_cap, quote.total_volume]


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "1517839200",
        '"yesterday"',
        '"2018-02-05"',
        '"2018-02-05T14:00:00"',
        '"0001-01-01T00:00:00+01:00"',
        "{}",
    ],
)
def test_a_quote_without_a_time_is_refused(row: Callable[..., str], value: str) -> None:
    with pytest.raises(InvalidQuoteError, match=r"last_updated is .*, not a time with its zone") as caught:
        found(f"[{row(last_updated=value)}]")
    assert caught.value.field == "last_updated"


@pytest.mark.parametrize("field", [*NUMBERS, "last_updated"])
def test_a_missing_field_is_not_what_was_promised(row: Callable[..., str], field: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        found(f"[{row(**{field: None})}]")
    assert caught.value.message == f"CoinGecko's answer for 'bitcoin' has no field {field}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "CoinGecko's answer is not a list"),
        (b"{}", "CoinGecko's answer is not a list"),
        (b"<html>", "CoinGecko's answer is not a list"),
        (b"[{} {}]", "CoinGecko's answer ends in the middle"),
        (b"[{}", "CoinGecko's answer ends in the middle"),
        (b"[\xff]", "CoinGecko's answer is not UTF-8 text"),
    ],
)
def test_a_body_that_is_no_whole_list_is_not_what_was_promised(body: bytes, message: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        find_texts(body)
    assert caught.value.message == message
    with pytest.raises(UnexpectedAnswerError) as caught:
        check_list(body)
    assert caught.value.message == message


ODD_ITEMS = [
    ("NaN", "NaN, which is no JSON number"),
    ("-Infinity", "-Infinity, which is no JSON number"),
]
UNNEEDED = [
    "9" * 5000,
    "1e9999999999999999999999",
    "[" * 1000 + "]" * 1000,
    '{"a":' * 1000 + "1" + "}" * 1000,
]


@pytest.mark.parametrize(("value", "message"), ODD_ITEMS)
def test_a_coin_whose_row_holds_no_json_is_refused(row: Callable[..., str], value: str, message: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        found(f"[{row(roi=value)}]")
    assert caught.value.message == f"CoinGecko's answer holds {message}"


@pytest.mark.parametrize("value", UNNEEDED)
def test_what_nobody_needs_stops_no_quote(row: Callable[..., str], value: str) -> None:
    text = row(roi=value)
    other = row(id='"ethereum"', roi=value)
    body = f"[{other},{text}]"
    check_list(body.encode())
    assert found(body) == replace(found(f"[{row()}]"), text=text)


@pytest.mark.parametrize(
    "other", ["1", "null", "[[]]", "NaN", '"bitcoin"', *(item for item, _ in ODD_ITEMS), *UNNEEDED]
)
def test_what_is_wrong_with_other_rows_harms_no_coin(row: Callable[..., str], other: str) -> None:
    text = row()
    odd_row = row(id='"ethereum"', current_price=other)
    body = f"[{other},{odd_row},{text},{odd_row}]"
    check_list(body.encode())
    assert found(body).text == text


@pytest.mark.parametrize("body", [b"[", b"[{", b'[{"id"', b'[{"id": 01}]', b"[{},", b'[{"a":' * 50_000])
def test_broken_json_is_told_as_such(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"^CoinGecko's answer is not JSON: "):
        find_texts(body)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(str.encode),
        st.lists(ROWS, max_size=3).map(lambda rows: json.dumps(rows).encode()),
    )
)
@example(b'[{"id": "bitcoin", "current_price": 1e99999999999999999999}]')
@settings(deadline=None)
def test_any_body_gives_a_verbatim_quote_or_fails_in_one_way(body: bytes) -> None:
    try:
        texts = find_texts(body)
        quote = read_quote("bitcoin", texts["bitcoin"]) if "bitcoin" in texts else None
    except MarketError:
        return
    rows = [row for row in json.loads(body) if isinstance(row, dict) and row.get("id") == "bitcoin"]
    assert bool(rows) == (quote is not None)
    if quote is None:
        return
    assert quote.text in body.decode()
    assert json.loads(quote.text) == rows[0]
    assert Decimal(str(rows[0]["current_price"])) == quote.price

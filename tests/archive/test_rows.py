from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pipeline_lib.archive.rows import (
    COLUMNS,
    HEADER,
    decode_row,
    encode_row,
    format_decimal,
    from_fields,
    to_fields,
)
from pipeline_lib.model.observation import Observation


@given(data=st.data())
def test_a_row_reads_back_as_its_observation(
    data: st.DataObject, observations: SearchStrategy[Observation]
) -> None:
    observation = data.draw(observations)
    line = encode_row(observation)
    assert decode_row(line) == observation
    assert encode_row(decode_row(line)) == line
    assert decode_row(line.rstrip("\n")) == observation


@given(data=st.data())
def test_a_row_is_one_line_with_a_value_for_each_column(
    data: st.DataObject, observations: SearchStrategy[Observation]
) -> None:
    observation = data.draw(observations)
    line = encode_row(observation)
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    assert len(line.split(",")) == len(COLUMNS) == len(HEADER.split(","))


@given(data=st.data())
def test_a_number_stands_in_plain_digits(data: st.DataObject, decimals: SearchStrategy[Decimal]) -> None:
    number = data.draw(decimals)
    text = format_decimal(number)
    assert not set(text) - set("-.0123456789")
    assert Decimal(text) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, ""),
        (Decimal("6955.270"), "6955.270"),
        (Decimal("7E-8"), "0.00000007"),
        (Decimal("1.2E+3"), "1200"),
        (Decimal(0), "0"),
        (
            Decimal("1234567890123456789012345678901234567890.12"),
            "1234567890123456789012345678901234567890.12",
        ),
    ],
)
def test_numbers_keep_their_digits(number: Decimal | None, text: str) -> None:
    assert format_decimal(number) == text


def test_the_columns_are_in_their_documented_order(observation: Observation) -> None:
    assert HEADER == (
        "timestamp,coin,vs_currency,price,change_1h_percent,change_24h_percent,"
        "market_cap,total_volume,last_updated\n"
    )
    assert encode_row(observation) == (
        "2018-02-05T14:00:00Z,bitcoin,usd,6955.270,-8.16,,117240543210,,2018-02-05T13:59:47Z\n"
    )


def test_zero_and_unknown_are_two_things(observation: Observation) -> None:
    zero = replace(observation, change_1h_percent=Decimal(0), change_24h_percent=None)
    row = decode_row(encode_row(zero))
    assert row.change_1h_percent == 0
    assert row.change_24h_percent is None


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(observation: Observation, column: str) -> None:
    fields = to_fields(observation)
    del fields[column]
    with pytest.raises(ValueError, match=f"no {column}"):
        from_fields(fields)


@pytest.mark.parametrize("column", ["timestamp", "coin", "vs_currency", "price", "last_updated"])
def test_an_empty_value_that_must_be_there_is_named(observation: Observation, column: str) -> None:
    with pytest.raises(ValueError, match=f"no {column}"):
        from_fields(to_fields(observation) | {column: ""})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "sNaN", "1,5", "six", "--1", "1e3"])
@pytest.mark.parametrize("column", ["price", "change_1h_percent", "market_cap"])
def test_what_is_not_plain_digits_is_refused(observation: Observation, column: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{column} is '{text}', not written as digits"):
        from_fields(to_fields(observation) | {column: text})


@pytest.mark.parametrize("price", ["0", "-1"])
def test_a_price_that_is_not_above_zero_is_refused(observation: Observation, price: str) -> None:
    with pytest.raises(ValueError, match=f"price is '{price}', not above zero"):
        from_fields({**to_fields(observation), "price": price})

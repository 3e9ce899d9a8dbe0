"""``read_chart`` on bodies of any shape."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline_lib.common.http.bounded_json import NumberText
from pipeline_lib.errors import InvalidQuoteError, UnexpectedAnswerError
from pipeline_lib.market.history.charts import point_time, read_chart
from pipeline_lib.market.numbers import exact_number

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
AT = int(NOON.timestamp()) * 1000


def body(prices: str, rest: str = "") -> bytes:
    return f'{{"prices":[{prices}]{rest}}}'.encode()


def test_numbers_keep_their_letters() -> None:
    chart = read_chart(body(f"[{AT},7202.50],[{AT + 1},1e-7],[{AT + 2},7]"))
    assert list(chart.prices.values()) == ["7202.50", "1e-7", "7"]
    assert [str(exact_number("bitcoin", "prices", value)) for value in chart.prices.values()] == [
        "7202.50", "1E-7", "7"
    ]  # fmt: skip


def test_points_are_ordered_by_their_time() -> None:
    chart = read_chart(body(f"[{AT + 955},2],[{AT},1],[{AT - 5},0.5]"))
    assert list(chart.times) == [AT - 5, AT, AT + 955]


def test_of_two_points_of_one_time_the_later_one_counts() -> None:
    assert read_chart(body(f"[{AT},1],[{AT},2]")).prices == {AT: "2"}


def test_a_null_is_no_point() -> None:
    chart = read_chart(body(f"[{AT},1],[{AT + 1},null],[{AT},null]"))
    assert (chart.prices, list(chart.times)) == ({AT: "1"}, [AT])


def test_series_beside_the_prices_may_be_missing() -> None:
    chart = read_chart(body("", ',"total_volumes":[]'))
    assert (chart.prices, chart.market_caps, chart.total_volumes) == ({}, {}, {})
    assert chart.last_before(NOON) is None


@pytest.mark.parametrize(
    ("after", "found"), [(-1, None), (0, AT), (1, AT), (499, AT), (500, AT + 500), (10**9, AT + 500)]
)
def test_the_last_point_before_a_moment_may_be_at_the_moment(after: int, found: int | None) -> None:
    chart = read_chart(body(f"[{AT + 500},2],[{AT},1]"))
    assert chart.last_before(NOON + timedelta(milliseconds=after)) == found


def test_a_point_has_its_time_to_the_millisecond() -> None:
    assert point_time(AT + 955) == NOON + timedelta(milliseconds=955)


@pytest.mark.parametrize("odd", ["9" * 5000, "1e99999999999999999999", "[" * 1000 + "]" * 1000])
def test_what_nobody_needs_stops_no_reading(odd: str) -> None:
    chart = read_chart(body(f"[{AT},1]", f',"odd":{odd},"total_volumes":[[{AT},{odd}]]'))
    assert chart.prices == {AT: "1"}
    with pytest.raises(InvalidQuoteError):
        exact_number("bitcoin", "total_volumes", chart.total_volumes[AT])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON: "),
        (b'{"prices":[[1', "is not JSON: "),
        (b"<!doctype html>", "is not JSON: "),
        (b"[" * 100_000, "is not JSON: "),
        (b'"\xff"', "is not UTF-8 text"),
        (b"[]", "is no object"),
        (b"null", "is no object"),
        (b'{"error":"coin not found"}', "has no prices"),
        (b'{"prices":null}', "has prices that are no list"),
        (b'{"prices":[],"market_caps":{}}', "has market_caps that are no list"),
        (b'{"prices":[7]}', "has something among its prices that is no pair of time and value"),
        (b'{"prices":[[1]]}', "has something among its prices that is no pair of time and value"),
        (b'{"prices":[[1,2,3]]}', "has something among its prices that is no pair of time and value"),
        (b'{"prices":[["1",2]]}', "has a point among its prices whose time is no number of milliseconds"),
        (b'{"prices":[[1.5,2]]}', "has a point among its prices whose time is no number of milliseconds"),
        (b'{"prices":[[1e99999999,2]]}', "has a point among its prices whose time is no number of "),
        (b'{"prices":[[12345678901234,2]]}', "has a point among its prices whose time is no number of "),
        (b'{"prices":[[null,2]]}', "has a point among its prices whose time is no number of milliseconds"),
        (b'{"prices":[[1,NaN]]}', "holds NaN, which is no JSON number"),
        (b'{"prices":[[1,-Infinity]]}', "holds -Infinity, which is no JSON number"),
    ],
)
def test_another_shape_is_told(content: bytes, reason: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        read_chart(content)
    assert str(caught.value).startswith(f"CoinGecko's history {reason}")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("7202.50", "'7202.50', not a number"),
        (True, "True, not a number"),
        ([], "[], not a number"),
        (NumberText("1e99"), "1.000000e+99, beyond any possible value"),
        (NumberText("0e999999999"), "0.000000e+1000000005, beyond any possible value"),
        (NumberText("1" * 41), "1.111111e+40, beyond any possible value"),
        (NumberText("1e9999999999999999999"), "1e9999999999999999999…, beyond any possible value"),
    ],
)
def test_a_value_that_cannot_be_true_is_refused(value: object, said: str) -> None:
    with pytest.raises(InvalidQuoteError) as caught:
        exact_number("bitcoin", "prices", value)
    assert caught.value.message == f"quote of 'bitcoin' refused: prices is {said}"


def test_numbers_of_any_likely_size_are_taken() -> None:
    for text in ("0", "-5.5", "1e-12", "123456789012345678901", "0.000000000012345678901234567890"):
        assert exact_number("bitcoin", "prices", NumberText(text)) == Decimal(text)

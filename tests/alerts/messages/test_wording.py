from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline_lib.alerts.messages.sparkline import sparkline
from pipeline_lib.alerts.messages.wording import duration, like_price, plain, price_text


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("6955.27", "6,955.27"),
        ("6955.274", "6,955.274"),
        ("7000", "7,000.00"),
        ("7E+3", "7,000.00"),
        ("1.5", "1.50"),
        ("0.00001234", "0.00001234"),
        ("1.2345678912E-8", "0.000000012345679"),
        ("7E-12", "0.000000000007"),
        ("0.123456789", "0.12345679"),
        ("123456789.129", "123,456,789.13"),
        ("999999999999999999999", "999,999,999,999,999,999,999.00"),
    ],
)
def test_prices_read_well_at_any_size(price: str, shown: str) -> None:
    assert price_text(Decimal(price)) == shown


@pytest.mark.parametrize(
    ("number", "price", "shown"),
    [
        ("828.17512", "31964.29", "828.18"),
        ("1095.63", "31964.29", "1,095.63"),
        ("0.0000021234", "0.00001234", "0.00000212"),
        ("7000", "6955.27", "7,000.00"),
    ],
)
def test_statistics_have_the_places_of_the_price_beside_them(number: str, price: str, shown: str) -> None:
    assert like_price(Decimal(number), Decimal(price)) == shown


@pytest.mark.parametrize(("number", "shown"), [("3", "3"), ("3.0", "3"), ("1.50", "1.5"), ("1E+2", "100")])
def test_thresholds_are_shown_without_needless_digits(number: str, shown: str) -> None:
    assert plain(Decimal(number)) == shown


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (0, "0 min"),
        (89, "89 min"),
        (90, "2 h"),
        (180, "3 h"),
        (47 * 60, "47 h"),
        (48 * 60, "2 days"),
        (72 * 60, "3 days"),
    ],
)
def test_durations_are_short(minutes: int, shown: str) -> None:
    assert duration(timedelta(minutes=minutes)) == shown


@pytest.mark.parametrize(
    ("prices", "line"),
    [([], ""), ([5], ""), ([5, 5, 5], "▁▁▁"), ([1, 4, 7], "▁▄▇"), ([7, 1], "▇▁"), (range(1, 8), "▁▂▃▄▅▆▇")],
)
def test_a_sparkline_spans_from_the_lowest_to_the_highest(prices: list[int], line: str) -> None:
    assert sparkline([Decimal(price) for price in prices]) == line


def test_a_long_sparkline_is_thinned_and_ends_with_the_last_price() -> None:
    line = sparkline([Decimal(0)] * 287 + [Decimal(1)])
    assert line == "▁" * 23 + "▇"

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.analysis.processed import Lookback, price_points, processed_columns, processed_rows
from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import Window

HOUR = timedelta(hours=1)
WINDOWS = (Window("2h", 2 * HOUR), Window("7d", timedelta(days=7)))


@pytest.fixture
def three(observation: Observation) -> list[Observation]:
    return [
        replace(observation, moment=observation.moment + number * HOUR, price=Decimal(price))
        for number, price in enumerate(("100", "104.00", "130"))
    ]


def test_the_columns_follow_the_windows() -> None:
    assert processed_columns(WINDOWS) == (
        "timestamp",
        "price",
        "change_1h_percent",
        "change_24h_percent",
        "log_return",
        "mean_2h",
        "std_2h",
        "count_2h",
        "z_score_2h",
        "mean_7d",
        "std_7d",
        "count_7d",
        "z_score_7d",
    )


def test_a_window_of_observations_has_columns_and_values_of_its_own(three: list[Observation]) -> None:
    windows = (Window("2_rows", 2),)
    assert processed_columns(windows)[5:] == ("mean_2_rows", "std_2_rows", "count_2_rows", "z_score_2_rows")
    apart = [*three[:2], replace(three[2], moment=three[2].moment + 1000 * HOUR)]
    assert [row[5] for row in processed_rows(apart, windows)] == [100.0, 102.0, 117.0]


def test_the_rows_of_three_hours(three: list[Observation]) -> None:
    start, root = three[0].moment, math.sqrt(2)
    expected: list[tuple[Any, ...]] = [
        (start, Decimal(100), None, None, None, *(100.0, None, 1, None) * 2),
        (
            *(start + HOUR, Decimal(104), Decimal(4), None, pytest.approx(math.log(1.04), rel=1e-15)),
            *(102.0, pytest.approx(2 * root, rel=1e-15), 2, None) * 2,
        ),
        (
            *(start + 2 * HOUR, Decimal(130), Decimal(25), None, pytest.approx(math.log(1.25), rel=1e-15)),
            *(117.0, pytest.approx(13 * root, rel=1e-15), 2, None),
            *(334 / 3, pytest.approx(math.sqrt(796 / 3), rel=1e-15), 3, None),
        ),
    ]
    rows = list(processed_rows(three, WINDOWS))
    assert rows == expected
    assert str(rows[1][1]) == "104.00"


def test_a_move_that_the_source_gave_stays_as_it_is(three: list[Observation]) -> None:
    told = [*three[:2], replace(three[2], change_1h_percent=Decimal("-0.5"))]
    assert [row[2] for row in processed_rows(told, WINDOWS)] == [None, Decimal(4), Decimal("-0.5")]


def test_an_unknown_move_stays_unknown_after_a_gap(three: list[Observation]) -> None:
    assert [row[2] for row in processed_rows([three[0], three[2]], WINDOWS)] == [None, None]


def test_no_observation_gives_no_row() -> None:
    assert list(processed_rows([], WINDOWS)) == []


@given(order=st.permutations(range(6)), prices=st.lists(st.integers(1, 10**9), min_size=6, max_size=6))
def test_the_rows_are_the_same_for_any_order_of_arrival(
    observation: Observation, order: Sequence[int], prices: list[int]
) -> None:
    sorted_by_time = [
        replace(observation, moment=observation.moment + number * HOUR, price=Decimal(price))
        for number, price in enumerate(prices)
    ]
    shuffled = [sorted_by_time[place] for place in order]
    rows = list(processed_rows(shuffled, WINDOWS))
    assert rows == list(processed_rows(sorted_by_time, WINDOWS))
    assert [row[0] for row in rows] == [one.moment for one in sorted_by_time]


def test_an_appended_hour_changes_no_row_before_it(three: list[Observation]) -> None:
    assert list(processed_rows(three, WINDOWS))[:2] == list(processed_rows(three[:2], WINDOWS))


def test_price_points_are_sorted_by_time(three: list[Observation]) -> None:
    assert price_points(reversed(three)) == [PricePoint(one.moment, one.price) for one in three]


@given(
    prices=st.lists(st.integers(1, 10**6), min_size=2, max_size=40),
    steps=st.lists(st.integers(1, 60), min_size=40, max_size=40),
    cut=st.integers(1, 39),
    span=st.sampled_from([2 * HOUR, timedelta(days=2), 1, 3, 30]),
)
def test_rows_behind_a_cut_need_no_more_than_the_reach(
    observation: Observation, prices: list[int], steps: list[int], cut: int, span: timedelta | int
) -> None:
    moments = accumulate(steps, lambda moment, step: moment + step * HOUR / 2, initial=observation.moment)
    rows = [
        replace(observation, moment=moment, price=Decimal(price))
        for moment, price in zip(moments, prices, strict=False)
    ]
    cut = min(cut, len(rows) - 1)
    windows = (Window("x", span),)
    lookback = Lookback.of(windows)
    enough = [
        row
        for place, row in enumerate(rows[:cut])
        if row.moment >= rows[cut].moment - lookback.time or place >= cut - lookback.rows
    ]
    assert list(processed_rows(rows[cut:], windows, enough)) == list(processed_rows(rows, windows))[cut:]

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.alerts.rules.price_move import DayMoveRule, HourMoveRule
from pipeline_lib.analysis.price_moves import Horizon
from pipeline_lib.model.events import Reading
from tests.alerts.rules.prices import HOUR, START, hourly, readings


def _level(change: Decimal, threshold: Decimal) -> Decimal:
    (observation,) = hourly([100])
    given_move = replace(observation, change_1h_percent=change)
    (reading,) = readings(HourMoveRule(Horizon.HOUR, threshold), [given_move])
    assert reading is not None
    assert reading.value == change
    return reading.level


@pytest.mark.parametrize(
    ("change", "fires"),
    [("3", True), ("-3", True), ("2.9999999999", False), ("-2.9999999999", False), ("3.0000000001", True)],
)
def test_a_threshold_is_reached_at_its_exact_edge(change: str, *, fires: bool) -> None:
    assert (abs(_level(Decimal(change), Decimal(3))) >= 1) is fires


@given(
    change=st.decimals(-200, 200, places=10),
    threshold=st.decimals(Decimal("0.1"), 100, places=4),
    steps=st.integers(1, 50),
)
def test_a_level_reaches_each_multiple_exactly_when_the_move_does(
    change: Decimal, threshold: Decimal, steps: int
) -> None:
    level = _level(change, threshold)
    assert (level.copy_abs() >= steps) == (abs(change) >= steps * threshold)
    assert level == _level(change.copy_negate(), threshold).copy_negate()
    assert (level.copy_abs() < Decimal("0.7")) == (abs(change) < Decimal("0.7") * threshold)


def test_moves_come_from_the_own_history_or_stay_unknown() -> None:
    observations = hourly([100] * 24 + [110, 99])
    assert readings(HourMoveRule(Horizon.HOUR, Decimal(5)), observations)[-2:] == [
        Reading(Decimal(2), Decimal(10)),
        Reading(Decimal(-2), Decimal(-10)),
    ]
    day = readings(DayMoveRule(Horizon.DAY, Decimal(4)), observations)
    assert day == [None] * 24 + [Reading(Decimal("2.5"), Decimal(10)), Reading(Decimal("-0.25"), Decimal(-1))]


def test_an_hour_that_is_missing_makes_the_next_ones_move_unknown() -> None:
    observations = hourly([100, 110, 120])
    del observations[1]
    assert readings(HourMoveRule(Horizon.HOUR, Decimal(5)), observations) == [None, None]


def test_readings_after_a_moment_look_back_at_what_lies_before_it() -> None:
    rule = HourMoveRule(Horizon.HOUR, Decimal(5))
    observations = hourly([100, 110, 99])
    assert list(rule.readings(observations, START + HOUR)) == [
        (START + 2 * HOUR, Reading(Decimal(-2), Decimal(-10)))
    ]

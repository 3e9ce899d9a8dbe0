"""The z-score and the robust z-score, against numpy and by hand."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.alerts.rules.baseline import FEWEST_PRICES
from pipeline_lib.alerts.rules.robust_z_score import RobustZScoreRule
from pipeline_lib.alerts.rules.z_score import ZScoreRule
from pipeline_lib.specs import DeviationRule, Window
from tests.alerts.rules.prices import hourly, readings

DAY = Window("24h", timedelta(hours=24))
ROWS = Window("20_rows", 20)
RULES: tuple[Callable[[DeviationRule], ZScoreRule | RobustZScoreRule], ...] = (ZScoreRule, RobustZScoreRule)
PRICES = st.lists(st.floats(1e-3, 1e6), min_size=15, max_size=40)

both = pytest.mark.parametrize("rule", RULES, ids=["mean", "median"])


def _limits(window: Window = DAY, limit: str = "4", minimum: str = "1") -> DeviationRule:
    return DeviationRule(window, Decimal(limit), Decimal(minimum))


@pytest.mark.parametrize("window", [DAY, ROWS], ids=["by time", "by count"])
@given(prices=PRICES)
def test_the_values_are_those_of_numpy(window: Window, prices: list[float]) -> None:
    observations = hourly(prices)
    length = 24 if window is DAY else 20
    for rule in RULES:
        found = readings(rule(_limits(window, minimum="0")), observations)
        for index, reading in enumerate(found):
            before = np.array(prices[max(0, index - length) : index])
            if len(before) < FEWEST_PRICES:
                assert reading is None
                continue
            centre = before.mean() if rule is ZScoreRule else np.median(before)
            spread = before.std(ddof=1) if rule is ZScoreRule else 1.4826 * np.median(np.abs(before - centre))
            if spread < 1e-9 * centre:
                continue
            assert reading is not None
            assert float(reading.value) == pytest.approx(
                (prices[index] - centre) / spread, rel=1e-6, abs=1e-6
            )
            assert float(reading.level) == pytest.approx(float(reading.value) / 4)


@both
def test_the_price_is_no_part_of_its_own_baseline(rule: Callable[[DeviationRule], ZScoreRule]) -> None:
    calm = [100 + hour % 2 for hour in range(24)]
    reading = readings(rule(_limits()), hourly([*calm, 200]))[-1]
    assert reading is not None
    # Within its own baseline of 25 prices it could not pass 24 / sqrt(25).
    assert reading.value > 50


@both
def test_a_stablecoins_noise_stays_below_the_floor(rule: Callable[[DeviationRule], ZScoreRule]) -> None:
    noise = [Decimal("1.0000") + Decimal(hour % 3) / 100_000 for hour in range(24)]
    for last, fires in (("1.0005", False), ("1.0099", False), ("1.0101", True), ("0.98", True)):
        reading = readings(rule(_limits()), hourly([*map(str, noise), last]))[-1]
        assert reading is not None
        assert abs(reading.value) > 4
        assert (abs(reading.level) >= 1) is fires


@both
def test_a_coin_that_stood_still_is_measured_by_the_floor_alone(
    rule: Callable[[DeviationRule], ZScoreRule],
) -> None:
    reading = readings(rule(_limits()), hourly([1] * 24 + ["0.97"]))[-1]
    assert reading is not None
    assert float(reading.level) == pytest.approx(-3)
    assert readings(rule(_limits(minimum="0")), hourly([1] * 24 + ["0.97"]))[-1] is None


def test_a_bad_tick_in_the_window_does_not_hide_the_next_one_from_the_median() -> None:
    calm: list[str | int | float] = [100 + hour % 3 for hour in range(23)]
    prices = [*calm, 5000, 130]
    mean = readings(ZScoreRule(_limits()), hourly(prices))[-1]
    median = readings(RobustZScoreRule(_limits()), hourly(prices))[-1]
    assert mean is not None
    assert median is not None
    assert abs(mean.level) < 1 < median.level


@both
def test_a_gap_shortens_a_window_by_time_and_not_one_by_count(
    rule: Callable[[DeviationRule], ZScoreRule],
) -> None:
    observations = hourly([100 + hour % 3 for hour in range(60)])
    after_gap = observations[:30] + observations[-1:]
    assert readings(rule(_limits(DAY)), after_gap)[-1] is None
    assert readings(rule(_limits(ROWS)), after_gap)[-1] is not None


def test_a_window_of_few_observations_must_be_full() -> None:
    limits = _limits(Window("3_rows", 3))
    assert [reading is None for reading in readings(ZScoreRule(limits), hourly([1, 2, 3, 4, 5]))] == [
        True,
        True,
        True,
        False,
        False,
    ]

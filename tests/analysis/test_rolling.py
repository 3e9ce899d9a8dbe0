import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from pipeline_lib.analysis.rolling import PricePoint, WindowStatistics, rolling_statistics

START = datetime(2018, 2, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _points(*prices: str | float) -> list[PricePoint]:
    return [PricePoint(START + number * HOUR, Decimal(str(price))) for number, price in enumerate(prices)]


def _last(points: list[PricePoint], span: timedelta | int = DAY) -> WindowStatistics:
    return list(rolling_statistics(points, span))[-1]


def test_no_price_has_no_statistics() -> None:
    assert list(rolling_statistics([], DAY)) == []


def test_a_single_price_is_its_own_mean() -> None:
    assert _last(_points("0.1")) == WindowStatistics(mean=0.1, standard_deviation=None, count=1, z_score=None)


def test_the_statistics_of_a_few_prices() -> None:
    # Mean 5, squares of deviations 9 + 1 + 1 + 9 = 20; the last price is 7 above it.
    assert list(rolling_statistics(_points(2, 4, 6, 8, 12), DAY)) == [
        WindowStatistics(mean=2.0, standard_deviation=None, count=1, z_score=None),
        WindowStatistics(mean=3.0, standard_deviation=math.sqrt(2), count=2, z_score=None),
        WindowStatistics(mean=4.0, standard_deviation=2.0, count=3, z_score=None),
        WindowStatistics(mean=5.0, standard_deviation=math.sqrt(20 / 3), count=4, z_score=None),
        WindowStatistics(
            mean=6.4, standard_deviation=math.sqrt(59.2 / 4), count=5, z_score=math.sqrt(49 * 3 / 20)
        ),
    ]


def test_the_statistics_of_the_last_four_prices() -> None:
    assert list(rolling_statistics(_points(2, 4, 6, 8, 12, 5), 4))[3:] == [
        WindowStatistics(mean=5.0, standard_deviation=math.sqrt(20 / 3), count=4, z_score=None),
        # Windows 4 6 8 12 and 6 8 12 5, baselines 2 4 6 8 and 4 6 8 12.
        WindowStatistics(
            mean=7.5, standard_deviation=math.sqrt(35 / 3), count=4, z_score=math.sqrt(49 * 3 / 20)
        ),
        WindowStatistics(
            mean=7.75, standard_deviation=math.sqrt(28.75 / 3), count=4, z_score=-math.sqrt(6.25 * 3 / 35)
        ),
    ]


def test_a_window_of_observations_reaches_over_a_gap() -> None:
    points = [*_points(1, 2, 3, 4), PricePoint(START + 5000 * HOUR, Decimal(10))]
    # The four before: mean 2.5, variance 5/3.
    assert _last(points, 4) == WindowStatistics(
        mean=4.75, standard_deviation=math.sqrt(38.75 / 3), count=4, z_score=math.sqrt(56.25 * 3 / 5)
    )


@pytest.mark.parametrize("span", [DAY, 20])
def test_a_z_score_needs_four_prices_before_it(span: timedelta | int) -> None:
    scores = [entry.z_score is not None for entry in rolling_statistics(_points(*range(1, 8)), span)]
    assert scores == [False, False, False, False, True, True, True]


def test_a_price_that_never_moves_has_no_z_score() -> None:
    same = _last(_points(*[7] * 30))
    assert same == WindowStatistics(mean=7.0, standard_deviation=0.0, count=24, z_score=None)
    moved = _last([*_points(*[7] * 30), PricePoint(START + 30 * HOUR, Decimal(9))])
    assert moved.z_score is None


def test_the_window_leaves_out_what_is_exactly_a_span_away() -> None:
    points = _points(*range(1, 26))
    assert _last(points).count == 24
    assert _last(points).mean == sum(range(2, 26)) / 24


def test_the_baseline_holds_what_is_exactly_a_span_away() -> None:
    # Over the 24 hours before it and not itself: 1 to 24, mean 12.5, variance 50.
    assert _last(_points(*range(1, 26))).z_score == pytest.approx(12.5 / math.sqrt(50), rel=1e-15)


@pytest.mark.parametrize(("microseconds", "count"), [(-1, 2), (0, 1), (1, 1)])
def test_the_window_ends_to_the_microsecond(microseconds: int, count: int) -> None:
    later = START + HOUR + timedelta(microseconds=microseconds)
    points = [PricePoint(START, Decimal(1)), PricePoint(later, Decimal(2))]
    assert _last(points, HOUR).count == count


def test_a_gap_shrinks_the_count_instead_of_stretching_the_window() -> None:
    points = _points(*range(1, 49))
    without = [point for number, point in enumerate(points) if number not in (30, 40, 41)]
    assert _last(without).count == 21
    assert _last(without).mean == (sum(range(25, 49)) - 31 - 41 - 42) / 21


def test_after_a_gap_of_a_whole_span_everything_starts_anew() -> None:
    points = [*_points(1, 2, 3), PricePoint(START + 50 * HOUR, Decimal(9))]
    assert _last(points) == WindowStatistics(mean=9.0, standard_deviation=None, count=1, z_score=None)


def test_a_z_score_beyond_five_can_fire_with_24_prices() -> None:
    calm = [100 + number % 2 for number in range(24)]
    assert _last(_points(*calm, 110)).z_score == pytest.approx(9.5 / math.sqrt(24 * 0.25 / 23), rel=1e-15)
    # With the point in its own baseline, no z-score of 24 could pass this.
    assert (24 - 1) / math.sqrt(24) < 5


def test_after_a_bad_tick_the_statistics_are_exact_again() -> None:
    prices = [100 + (number * 7 % 13) / 10 for number in range(60)]
    calm, poisoned = _points(*prices), _points(*prices[:20], 6e10, *prices[21:])
    expected, found = (list(rolling_statistics(points, DAY)) for points in (calm, poisoned))
    assert expected[20] != found[20]
    # 24 hours later the tick has left the window, one hour after that the baseline.
    assert [entry.mean for entry in found[44:]] == [entry.mean for entry in expected[44:]]
    assert found[45:] == expected[45:]


def test_it_agrees_with_pandas_on_a_well_behaved_series() -> None:
    prices = [7000 + 300 * math.sin(number / 9) + number % 7 for number in range(400)]
    points = [point for number, point in enumerate(_points(*prices)) if number % 11]
    series = pd.Series(
        [float(point.price) for point in points], index=pd.DatetimeIndex([point.moment for point in points])
    )
    for span, label in ((DAY, "24h"), (7 * DAY, "7D")):
        found = list(rolling_statistics(points, span))
        rolling, baseline = series.rolling(label), series.rolling(label, closed="left")
        score = (series - baseline.mean()) / baseline.std()
        assert [entry.mean for entry in found] == pytest.approx(list(rolling.mean()), rel=1e-12)
        assert [entry.count for entry in found] == list(rolling.count())
        deviations = [entry.standard_deviation for entry in found]
        assert deviations[0] is None
        assert deviations[1:] == pytest.approx(list(rolling.std())[1:], rel=1e-9)
        scores = [entry.z_score for entry in found]
        assert scores[:4] == [None] * 4
        assert scores[4:] == pytest.approx(list(score)[4:], rel=1e-9, abs=1e-9)


def test_prices_at_the_limits_of_a_quote_are_summed_exactly() -> None:
    least, most = Decimal("1E-30"), Decimal("999999999999999999999." + "9" * 19)
    points = [PricePoint(START + number * HOUR, price) for number, price in enumerate([least, most, least])]
    found = list(rolling_statistics([*points, PricePoint(START + 25 * HOUR, 2 * least)], DAY))
    assert found[-1].count == 2
    assert found[-1].mean == 1.5e-30
    assert found[-1].standard_deviation == pytest.approx(math.sqrt(0.5) * 1e-30, rel=1e-15)

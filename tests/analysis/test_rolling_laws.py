"""Rolling statistics against exact rational arithmetic, on any series."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.analysis.rolling import FEWEST_FOR_Z_SCORE, PricePoint, WindowStatistics, rolling_statistics

START = datetime(2018, 2, 5, tzinfo=UTC)
EXACT = Context(prec=100)
TOLERANCE = Fraction(1, 10**12)

# Of 39 digits too: a quote may have 40, and Python's default context rounds to 28.
prices = st.builds(
    lambda digits, exponent: Decimal(f"0.{digits}E{exponent}"),
    st.integers(1, 10**6) | st.integers(10**38, 10**39 - 1),
    st.integers(-11, 9),
)
# Steps of half an hour, most of them one hour, some a gap of days.
steps = st.integers(1, 3) | st.integers(1, 200)
spans = st.sampled_from([timedelta(hours=1), timedelta(hours=24), timedelta(days=7)])


@st.composite
def series(draw: st.DrawFn) -> list[PricePoint]:
    # Few different prices make windows without any deviation likely.
    some = draw(st.lists(prices, min_size=1, max_size=4)) if draw(st.booleans()) else None
    chosen = st.sampled_from(some) if some else prices
    moment, points = START, []
    for step, price in draw(st.lists(st.tuples(steps, chosen), min_size=1, max_size=60)):
        moment += step * timedelta(minutes=30)
        points.append(PricePoint(moment, price))
    return points


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _deviation(values: Sequence[Fraction]) -> Fraction | None:
    if len(values) < 2:
        return None
    mean = _mean(values)
    variance = sum(((value - mean) ** 2 for value in values), Fraction(0)) / (len(values) - 1)
    scale = 10**60
    return Fraction(isqrt(int(variance * scale**2)), scale)


def _score(price: Fraction, before: Sequence[Fraction]) -> Fraction | None:
    deviation = _deviation(before) if len(before) >= FEWEST_FOR_Z_SCORE else None
    return (price - _mean(before)) / deviation if deviation else None


def _is_close(found: float | None, expected: Fraction | None) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    return abs(Fraction(found) - expected) <= TOLERANCE * abs(expected)


@given(points=series(), span=spans)
def test_each_value_is_the_exact_one(points: list[PricePoint], span: timedelta) -> None:
    for place, found in enumerate(rolling_statistics(points, span)):
        now = points[place]
        window = [Fraction(point.price) for point in points[: place + 1] if point.moment > now.moment - span]
        before = [Fraction(point.price) for point in points[:place] if point.moment >= now.moment - span]
        score = _score(Fraction(now.price), before)
        assert found.count == len(window)
        assert _is_close(found.mean, _mean(window))
        assert _is_close(found.standard_deviation, _deviation(window))
        assert _is_close(found.z_score, score)


@given(points=series(), count=st.integers(2, 20))
def test_each_value_of_a_window_of_observations_is_the_exact_one(
    points: list[PricePoint], count: int
) -> None:
    values = [Fraction(point.price) for point in points]
    for place, found in enumerate(rolling_statistics(points, count)):
        window, before = (values[max(0, end - count) : end] for end in (place + 1, place))
        assert found.count == len(window)
        assert _is_close(found.mean, _mean(window))
        assert _is_close(found.standard_deviation, _deviation(window))
        assert _is_close(found.z_score, _score(values[place], before))


@given(points=series(), count=st.integers(2, 20), start=st.integers(0, 40))
def test_a_value_of_a_window_of_observations_depends_on_these_alone(
    points: list[PricePoint], count: int, start: int
) -> None:
    whole = list(rolling_statistics(points, count))
    later = list(rolling_statistics(points[start:], count))
    assert whole[start + count :] == later[count:]


@given(points=series(), span=spans, data=st.data())
def test_a_value_depends_on_its_window_alone(
    points: list[PricePoint], span: timedelta, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(points) - 1))
    whole = list(rolling_statistics(points, span))[start:]
    later = list(rolling_statistics(points[start:], span))
    filled: list[tuple[WindowStatistics, WindowStatistics]] = [
        pair
        for pair, point in zip(zip(whole, later, strict=True), points[start:], strict=True)
        if point.moment - span > points[start].moment
    ]
    assert all(one == other for one, other in filled)


@given(points=series(), span=spans, factor=st.integers(-6, 6))
def test_prices_in_another_unit_give_the_same_z_scores(
    points: list[PricePoint], span: timedelta, factor: int
) -> None:
    scaled = [PricePoint(point.moment, EXACT.scaleb(point.price, factor)) for point in points]
    scores = [entry.z_score for entry in rolling_statistics(points, span)]
    assert [entry.z_score for entry in rolling_statistics(scaled, span)] == scores


def test_ten_thousand_windows_are_exact_to_one_part_in_a_trillion() -> None:
    random = Random(20180205)  # noqa: S311 (prices, not secrets)
    moment, points = START, list[PricePoint]()
    while len(points) < 10_000:
        moment += random.choice((1, 1, 1, 2, 7, 50)) * timedelta(minutes=30)
        # From 1e-12 to 1e9, mostly near the price before, now and then a bad tick.
        digits = f"{random.randrange(1, 10**9)}E{random.randrange(-12, 1)}"
        near = bool(points) and random.random() < 0.98
        price = (
            EXACT.multiply(points[-1].price, Decimal(random.randrange(980, 1021)) / 1000) if near else None
        )
        points.append(PricePoint(moment, round_to_places(price) if price else Decimal(digits)))
    values = [Fraction(point.price) for point in points]
    oldest = 0
    for place, found in enumerate(rolling_statistics(points, timedelta(hours=24))):
        start = points[place].moment - timedelta(hours=24)
        while points[oldest].moment < start:
            oldest += 1
        before = values[oldest:place]
        window = values[oldest + (points[oldest].moment == start) : place + 1]
        assert found.count == len(window)
        assert _is_close(found.mean, _mean(window))
        assert _is_close(found.standard_deviation, _deviation(window))
        assert _is_close(found.z_score, _score(values[place], before))


def round_to_places(price: Decimal) -> Decimal:
    """With at most 21 decimal places and never zero."""
    return max(EXACT.quantize(price, Decimal("1e-21")), Decimal("1e-12"))

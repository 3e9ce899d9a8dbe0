"""Recorded answers of CoinGecko's history: out of order, with a moving last point, by the hour and not."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.errors import HistoryGapError
from pipeline_lib.market.history.charts import Chart, point_time, read_chart
from pipeline_lib.market.history.past_quotes import find_past_quote
from pipeline_lib.settings import Settings

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "coingecko"
FIVE_MINUTES = "market_chart_btc_1d_5min_0_200.json"
HOURLY = "market_chart_btc_30d_hourly_0_200.json"
HOUR = timedelta(hours=1)
TOLERANCE = Settings.from_environment({}, project_folder=Path()).history_tolerance

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="recorded answers are kept beside the checkout, in ../shared"
)


def recorded(name: str) -> bytes:
    """The body as it was recorded, letter for letter."""
    return (RECORDINGS / name).read_text("utf-8").split('"body": ', 1)[1].rstrip().removesuffix("}").encode()


def hours(chart: Chart, minute: int) -> list[datetime]:
    """Every hour of the chart at ``minute`` that has points on both sides."""
    first = point_time(chart.times[0]).replace(minute=0, second=0, microsecond=0) + 2 * HOUR
    count = (point_time(chart.times[-1]) - first) // HOUR
    return [first + number * HOUR + timedelta(minutes=minute) for number in range(count)]


def test_a_recording_that_ends_out_of_order_is_read_in_order() -> None:
    body = recorded(FIVE_MINUTES)
    sent = [time for time, _ in json.loads(body)["prices"]]
    assert sent != sorted(sent)
    chart = read_chart(body)
    assert list(chart.times) == sorted(sent)
    # The moving point repeats the last one with its time cut to the second.
    assert chart.prices[sent[-1]] == chart.prices[sent[-2]] == "49078.83040364477"
    quote = find_past_quote(body, "bitcoin", datetime(2021, 5, 15, 14, 39, 54, 500_000, UTC), TOLERANCE)
    assert (quote.time, str(quote.price)) == (point_time(sent[-1]), "49078.83040364477")


def test_the_moving_point_of_a_recording_is_of_its_own_time_only() -> None:
    body = recorded(HOURLY)
    chart = read_chart(body)
    moving = point_time(chart.times[-1])
    assert moving == datetime(2021, 5, 15, 14, 13, 29, tzinfo=UTC)
    before = find_past_quote(body, "bitcoin", moving - timedelta(seconds=1), TOLERANCE)
    assert before.price == Decimal("49052.68444471721")
    assert find_past_quote(body, "bitcoin", moving, TOLERANCE).price == Decimal("49424.27756187507")


def test_a_recorded_hour_has_both_moves_and_its_own_volume() -> None:
    quote = find_past_quote(recorded(HOURLY), "bitcoin", datetime(2021, 5, 15, 14, 5, tzinfo=UTC), TOLERANCE)
    assert quote.time == datetime(2021, 5, 15, 14, 2, 14, 184_000, UTC)
    assert str(quote.hour_before) == "48868.60305863678"
    assert quote.day_before is not None
    assert str(quote.market_cap) == "917812515473.9926"
    assert str(quote.total_volume) == "58911713335.06181"
    assert "[1621087334184,49052.68444471721]" in quote.text


@pytest.mark.parametrize(
    ("minutes", "at_the_hour", "at_the_worst_minute"),
    [(60, 713, 568), (75, 715, 703), (90, 716, 715), (120, 717, 717)],
)
def test_the_tolerance_is_what_the_recorded_distances_ask_for(
    minutes: int, at_the_hour: int, at_the_worst_minute: int
) -> None:
    chart = read_chart(recorded(HOURLY))

    def found(minute: int) -> int:
        ages = []
        for moment in hours(chart, minute):
            last = chart.last_before(moment)
            assert last is not None
            ages.append(moment - point_time(last))
        assert len(ages) == 717
        return sum(age <= timedelta(minutes=minutes) for age in ages)

    assert (found(0), min(map(found, range(60)))) == (at_the_hour, at_the_worst_minute)


def test_an_hour_without_a_point_is_a_gap() -> None:
    body = recorded(HOURLY)
    gaps = []
    for moment in hours(read_chart(body), 0):
        try:
            find_past_quote(body, "bitcoin", moment, TOLERANCE)
        except HistoryGapError as gap:
            gaps.append((gap.moment, gap.last_before))
    assert len(gaps) == 2

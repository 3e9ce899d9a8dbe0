"""A chart → the price of a coin at a moment of the past, and what its moves are computed from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import HistoryGapError, InvalidQuoteError
from pipeline_lib.market.history.charts import Chart, Series, point_time, read_chart
from pipeline_lib.market.numbers import exact_number

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PastQuote:
    """What CoinGecko's history says of one coin at one moment.

    Attributes:
        time: When the price is of (UTC, to the millisecond).
        price: The price.
        hour_before: The price an hour before the moment, or None when there is none of its own.
        day_before: The price 24 hours before the moment, or None.
        market_cap: At ``time``, or None.
        total_volume: Of the 24 hours before ``time``, or None.
        text: The points that all this was read from, in the shape of the answer and with each number letter
            for letter; reads as the same quote again.
    """

    time: datetime
    price: Decimal
    hour_before: Decimal | None
    day_before: Decimal | None
    market_cap: Decimal | None
    total_volume: Decimal | None
    text: str


def find_past_quote(body: bytes, coin: str, moment: datetime, tolerance: timedelta) -> PastQuote:
    """The last price before or at ``moment``, and those of an hour and a day before it.

    A point that is the last one before both moments gives no move: nobody knows it then, and a zero would say
    that the price stood still.

    Args:
        body: A body of ``/coins/{id}/market_chart/range``.
        coin: CoinGecko id.
        moment: The moment asked for.
        tolerance: How long before its moment a point may lie.

    Raises:
        UnexpectedAnswerError: The body is not what the endpoint promises.
        InvalidQuoteError: One of the points holds a value that can't be true.
        HistoryGapError: There is no price of the moment.
    """
    chart = read_chart(body)
    last = chart.last_before(moment)
    time = _within(last, moment, tolerance)
    if time is None:
        raise HistoryGapError(
            coin, format_moment(moment), None if last is None else format_moment(point_time(last))
        )
    before = [
        None if point == time else point
        for point in (
            _within(chart.last_before(moment - span), moment - span, tolerance) for span in (_HOUR, _DAY)
        )
    ]
    hour_before, day_before = (None if point is None else _price(chart, coin, point) for point in before)
    return PastQuote(
        time=point_time(time),
        price=_price(chart, coin, time),
        hour_before=hour_before,
        day_before=day_before,
        market_cap=_amount(chart.market_caps, coin, "market_caps", time),
        total_volume=_amount(chart.total_volumes, coin, "total_volumes", time),
        text=_verbatim(chart, sorted({time, *(point for point in before if point is not None)}), time),
    )


def _within(point: int | None, moment: datetime, tolerance: timedelta) -> int | None:
    return None if point is None or moment - point_time(point) > tolerance else point


def _price(chart: Chart, coin: str, time: int) -> Decimal:
    price = exact_number(coin, "prices", chart.prices[time])
    if price <= 0:
        raise InvalidQuoteError(coin, "prices", str(price), "and a price is greater than zero")
    return price


def _amount(series: Series, coin: str, name: str, time: int) -> Decimal | None:
    return exact_number(coin, name, series[time]) if time in series else None


def _verbatim(chart: Chart, price_times: list[int], time: int) -> str:
    def points(series: Series, times: Iterable[int]) -> str:
        return ",".join(f"[{at},{series[at]}]" for at in times if at in series)

    return (
        f'{{"prices":[{points(chart.prices, price_times)}],'
        f'"market_caps":[{points(chart.market_caps, [time])}],'
        f'"total_volumes":[{points(chart.total_volumes, [time])}]}}'
    )

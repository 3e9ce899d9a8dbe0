"""Rows of ``/coins/markets``, with CoinGecko's keys in CoinGecko's order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pipeline_lib.simulator.http.json_text import Json
from pipeline_lib.simulator.market.coins import Coin
from pipeline_lib.simulator.market.series import PriceSeries, Quote

# CoinGecko's names of the spans a change can be asked for, in the order of its answers.
CHANGE_SPANS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
    "30d": timedelta(days=30),
    "200d": timedelta(days=200),
    "1y": timedelta(days=365),
}
_DAY = CHANGE_SPANS["24h"]


@dataclass(frozen=True, slots=True)
class Listing:
    """A coin as it stands at one moment.

    Attributes:
        coin: Its facts.
        series: Its prices.
        quote: The close that is quoted.
        market_cap: US dollars.
    """

    coin: Coin
    series: PriceSeries
    quote: Quote
    market_cap: int

    def change(self, span: timedelta) -> Decimal | None:
        """Dollars moved since the close exactly ``span`` before the quoted one; None without such a close."""
        earlier = self._earlier(span)
        return None if earlier is None else self.quote.price - earlier.price

    def change_percentage(self, span: timedelta) -> float | None:
        """The same move in percent of the earlier close."""
        earlier = self._earlier(span)
        return None if earlier is None else float((self.quote.price - earlier.price) / earlier.price * 100)

    def _earlier(self, span: timedelta) -> Quote | None:
        moment = self.quote.time - span
        earlier = self.series.quote_at(moment)
        return earlier if earlier is not None and earlier.time == moment else None


def market_cap(coin: Coin, quote: Quote) -> int:
    """Price times supply, in whole US dollars."""
    return round(quote.price * coin.supply)


def market_row(listing: Listing, rank: int | None, now: datetime, spans: Sequence[str]) -> dict[str, Json]:
    """The row of one coin.

    ``last_updated`` is ``now``, which is the time of the close when the clock stands exactly at one: a close
    counts as the price until the next one. The all-time high and low are null, since a series may start late.

    Args:
        listing: The coin.
        rank: Its place by market capitalisation, from 1, or None for a coin that isn't in the list.
        now: The simulated time, UTC.
        spans: Keys of ``CHANGE_SPANS`` for the ``..._in_currency`` columns.
    """
    coin, quote = listing.coin, listing.quote
    last_day = [point.price for point in listing.series.between(quote.time - _DAY, quote.time)]
    change = listing.change(_DAY)
    percentage = listing.change_percentage(_DAY)
    rounded_percentage = None if percentage is None else round(percentage, 5)
    row: dict[str, Json] = {
        "id": coin.coin_id,
        "symbol": coin.symbol,
        "name": coin.name,
        "image": "missing_large.png",
        "current_price": quote.price,
        "market_cap": listing.market_cap,
        "market_cap_rank": rank,
        "fully_diluted_valuation": listing.market_cap,
        "total_volume": quote.volume,
        "high_24h": max(last_day),
        "low_24h": min(last_day),
        "price_change_24h": change,
        "price_change_percentage_24h": rounded_percentage,
        "market_cap_change_24h": None if change is None else float(change * coin.supply),
        # The supply is constant, so the capitalisation moves with the price.
        "market_cap_change_percentage_24h": rounded_percentage,
        "circulating_supply": float(coin.supply),
        "total_supply": float(coin.supply),
        "max_supply": None,
        "ath": None,
        "ath_change_percentage": None,
        "ath_date": None,
        "atl": None,
        "atl_change_percentage": None,
        "atl_date": None,
        "roi": None,
        "last_updated": _milliseconds(now),
    }
    for span in spans:
        row[f"price_change_percentage_{span}_in_currency"] = listing.change_percentage(CHANGE_SPANS[span])
    return row


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

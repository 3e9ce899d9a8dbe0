"""CoinGecko's answers, over price series."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.http.error_bodies import market_error_document
from pipeline_lib.simulator.http.json_text import Json
from pipeline_lib.simulator.market.coins import coin_named
from pipeline_lib.simulator.market.market_rows import CHANGE_SPANS, Listing, market_cap, market_row
from pipeline_lib.simulator.market.series import PriceSeries

_DEFAULT_PAGE_SIZE = 100
_LARGEST_PAGE_SIZE = 250
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
# Longer charts have one point a day, at midnight.
_LONGEST_HOURLY_CHART = timedelta(days=90)
_REACH = timedelta(days=365)
_BEYOND_REACH = 10012


@dataclass(frozen=True, slots=True)
class MarketAnswer:
    """What CoinGecko says.

    Attributes:
        status: The HTTP status.
        document: The body, before it becomes text.
    """

    status: int
    document: Json

    @property
    def cache_control(self) -> str:
        """The Cache-Control header."""
        return "public, max-age=30" if self.status == 200 else "no-cache"  # noqa: PLR2004 - HTTP's OK


class _RefusalError(Exception):
    """A request that CoinGecko turns down."""

    def __init__(self, status: int, document: Json) -> None:
        super().__init__()
        self.answer = MarketAnswer(status, document)


class Market:
    """Coins as CoinGecko shows them, at the time of a simulated clock, in US dollars only."""

    def __init__(self, series: Mapping[str, PriceSeries], clock: SimulatedClock) -> None:
        """Show ``series``, keyed by CoinGecko id; those that it iterates over are the list by market cap."""
        self._series = series
        self._clock = clock

    def answer(
        self, path: str, query: Mapping[str, str], *, without: frozenset[str] = frozenset()
    ) -> MarketAnswer:
        """Answer a GET.

        Args:
            path: Below the API's root, such as ``/coins/markets``.
            query: The decoded parameters.
            without: Ids of coins to be unknown this time.
        """
        try:
            match path.split("/")[1:]:
                case ["ping"]:
                    return MarketAnswer(200, {"gecko_says": "(V3) To the Moon!"})
                case ["coins", "markets"]:
                    return MarketAnswer(200, self._markets(query, without))
                case ["coins", coin, "market_chart", "range"]:
                    return MarketAnswer(200, self._chart(coin, query, without))
                case _:
                    return MarketAnswer(404, {"error": "Incorrect path"})
        except _RefusalError as refusal:
            return refusal.answer

    def _markets(self, query: Mapping[str, str], without: frozenset[str]) -> list[Json]:
        _check_currency(query)
        now = self._clock.now()
        listings = [*self._listings(self._series, now, without)]
        ranks = {listing.coin.coin_id: rank for rank, listing in enumerate(_by_market_cap(listings), start=1)}
        if query.get("ids"):
            # Not stripped: CoinGecko takes an id with a space in front for another, unknown one.
            listings = [*self._listings(dict.fromkeys(query["ids"].split(",")), now, without)]
        asked_spans = query.get("price_change_percentage", "").split(",")
        spans = [span for span in CHANGE_SPANS if span in asked_spans]
        size = min(_positive(query.get("per_page"), _DEFAULT_PAGE_SIZE), _LARGEST_PAGE_SIZE)
        start = (_positive(query.get("page"), 1) - 1) * size
        chosen = _by_market_cap(listings)[start : start + size]
        return [market_row(listing, ranks.get(listing.coin.coin_id), now, spans) for listing in chosen]

    def _listings(self, coins: Iterable[str], now: datetime, without: frozenset[str]) -> Iterator[Listing]:
        """Those of ``coins`` that have a price at ``now``."""
        for coin_id in coins:
            series = None if coin_id in without else self._series.get(coin_id)
            quote = None if series is None else series.quote_at(now)
            if series is not None and quote is not None:
                coin = coin_named(coin_id)
                yield Listing(coin, series, quote, market_cap(coin, quote))

    def _chart(self, coin: str, query: Mapping[str, str], without: frozenset[str]) -> Json:
        _check_currency(query)
        series = self._series.get(coin)
        if series is None or coin in without:
            raise _RefusalError(404, {"error": "coin not found"})
        facts = coin_named(coin)
        start = _unix_time(query, "from")
        end = _unix_time(query, "to")
        now = self._clock.now()
        if start < now - _REACH:
            raise _RefusalError(401, market_error_document(401, now, error_code=_BEYOND_REACH))
        points = list(series.between(start, min(end, now)))
        if end - start > _LONGEST_HOURLY_CHART:
            points = [point for point in points if (point.time.hour, point.time.minute) == (0, 0)]
        # A chart up to now ends in a point that is of now, and that no later chart shows again.
        latest = series.quote_at(now) if start <= now <= end else None
        this_second = now.replace(microsecond=0)
        if latest is not None and latest.time < this_second:
            points.append(latest._replace(time=this_second))
        milliseconds = [round(point.time.timestamp() * 1000) for point in points]
        return {
            "prices": [[time, point.price] for time, point in zip(milliseconds, points, strict=True)],
            "market_caps": [
                [time, market_cap(facts, point)] for time, point in zip(milliseconds, points, strict=True)
            ],
            "total_volumes": [[time, point.volume] for time, point in zip(milliseconds, points, strict=True)],
        }


def _by_market_cap(listings: Iterable[Listing]) -> list[Listing]:
    return sorted(listings, key=lambda listing: (-listing.market_cap, listing.coin.coin_id))


def _check_currency(query: Mapping[str, str]) -> None:
    if not query.get("vs_currency"):
        raise _RefusalError(422, {"error": "Missing parameter vs_currency"})
    if query["vs_currency"] != "usd":
        raise _RefusalError(422, {"error": "invalid vs_currency"})


def _positive(text: str | None, default: int) -> int:
    """The whole number above zero that ``text`` holds, otherwise ``default``."""
    return int(text) if text and _WHOLE_NUMBER.fullmatch(text) else default


def _unix_time(query: Mapping[str, str], name: str) -> datetime:
    if not query.get(name):
        raise _RefusalError(422, {"error": f"Missing parameter {name}"})
    try:
        return datetime.fromtimestamp(float(query[name]), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _RefusalError(422, {"error": f"Invalid parameter {name}"}) from error

"""Series as a replay has just recorded them, so that nobody needs to read them back."""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from pipeline_lib.analysis.price_moves import with_moves
from pipeline_lib.database.pipelines import Series
from pipeline_lib.database.replays import PlacedObservation
from pipeline_lib.database.statistics.series_prices import SeriesPrices
from pipeline_lib.model.observation import ObservedPrice


def prices_of(series: Sequence[Series], observations: Iterable[PlacedObservation]) -> list[SeriesPrices]:
    """The prices of each series, with the moves that the source left out.

    Args:
        series: Which series.
        observations: Of all series, as they were recorded.
    """
    by_key: dict[tuple[str, str], list[PlacedObservation]] = {}
    for each in observations:
        by_key.setdefault((each.observation.coin, each.observation.vs_currency), []).append(each)
    return [_prices_of_one(each, by_key.get((each.coin, each.vs_currency), [])) for each in series]


def _prices_of_one(series: Series, own: Sequence[PlacedObservation]) -> SeriesPrices:
    prices = [
        ObservedPrice(found.moment, found.price, found.change_1h_percent, found.change_24h_percent)
        for _, _, found in own
    ]
    prices.sort(key=attrgetter("moment"))
    return SeriesPrices(series, with_moves(prices), max([each.arrival for each in own], default=0))

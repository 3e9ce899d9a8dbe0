"""A series as a replay has just recorded it, so that nobody needs to read it back."""

from collections.abc import Iterable
from operator import attrgetter

from pipeline_lib.analysis.price_moves import with_moves
from pipeline_lib.database.pipelines import Series
from pipeline_lib.database.replays import PlacedObservation
from pipeline_lib.database.statistics.series_prices import SeriesPrices
from pipeline_lib.model.observation import ObservedPrice


def prices_of(series: Series, observations: Iterable[PlacedObservation]) -> SeriesPrices:
    """The prices of a series, with the moves that the source left out.

    Args:
        series: The series.
        observations: Of all series, as they were recorded.
    """
    key = series.coin, series.vs_currency
    own = [each for each in observations if (each.observation.coin, each.observation.vs_currency) == key]
    prices = [
        ObservedPrice(found.moment, found.price, found.change_1h_percent, found.change_24h_percent)
        for _, _, found in own
    ]
    prices.sort(key=attrgetter("moment"))
    return SeriesPrices(series.id, with_moves(prices), max([each.arrival for each in own], default=0))

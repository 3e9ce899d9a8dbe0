"""CoinGecko: from a request to an observation with its source, of a current price and of a past one."""

from pipeline_lib.market.coingecko import CoinGecko
from pipeline_lib.market.history.observations import find_past_observation
from pipeline_lib.market.quota.calls import CallQuota
from pipeline_lib.market.quotes.observations import Quotes, find_observation, join_sources
from pipeline_lib.market.transport import Transport

__all__ = [
    "CallQuota",
    "CoinGecko",
    "Quotes",
    "Transport",
    "find_observation",
    "find_past_observation",
    "join_sources",
]

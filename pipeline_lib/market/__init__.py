"""CoinGecko: from a request to an observation."""

from pipeline_lib.market.coingecko import CoinGecko, find_observation
from pipeline_lib.market.quota.calls import CallQuota
from pipeline_lib.market.transport import Transport

__all__ = ["CallQuota", "CoinGecko", "Transport", "find_observation"]

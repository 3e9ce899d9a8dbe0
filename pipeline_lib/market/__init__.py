"""CoinGecko: from a request to an observation."""

from pipeline_lib.market.coingecko import CoinGecko
from pipeline_lib.market.transport import Transport

__all__ = ["CoinGecko", "Transport"]

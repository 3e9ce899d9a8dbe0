"""CoinGecko's history: what the price of a coin was at a moment of the past."""

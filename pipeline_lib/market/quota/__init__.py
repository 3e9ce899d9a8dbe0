"""How often CoinGecko is asked by all processes together."""

"""The simulated market: price series, coins, and the answers of CoinGecko over them."""

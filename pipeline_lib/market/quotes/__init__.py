"""Current quotes of CoinGecko: many coins in one answer, each with a part of its own."""

"""What the simulated market knows about its coins beside their prices."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coin:
    """The fixed facts of a coin.

    Attributes:
        coin_id: The CoinGecko id.
        symbol: The ticker, in small letters.
        name: The name for people.
        start_price: US dollars at the start of a generated series.
        supply: Coins in circulation; never changes in the simulation.
    """

    coin_id: str
    symbol: str
    name: str
    start_price: float
    supply: int


BUILT_IN_COINS = (
    Coin("bitcoin", "btc", "Bitcoin", 42_000.0, 19_600_000),
    Coin("ethereum", "eth", "Ethereum", 2_280.0, 120_200_000),
    Coin("solana", "sol", "Solana", 101.0, 430_000_000),
    Coin("litecoin", "ltc", "Litecoin", 73.0, 74_000_000),
    Coin("dogecoin", "doge", "Dogecoin", 0.0895, 142_000_000_000),
)


def coin_named(coin_id: str) -> Coin:
    """The facts of a coin; those of a coin that isn't built in follow from its id alone."""
    for coin in BUILT_IN_COINS:
        if coin.coin_id == coin_id:
            return coin
    digest = hashlib.sha256(coin_id.encode()).digest()
    exponent = digest[0] % 5 - 2
    leading = 1.0 + int.from_bytes(digest[1:3]) / 65536 * 9.0
    return Coin(
        coin_id=coin_id,
        symbol=coin_id.replace("-", "")[:4],
        name=coin_id.replace("-", " ").title(),
        start_price=leading * 10.0**exponent,
        supply=10_000_000 + int.from_bytes(digest[3:6]),
    )

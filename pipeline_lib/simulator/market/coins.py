"""What the simulated market knows about its coins beside their prices."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_UNKNOWN = "unknown-"
_LISTED = 3_000
_KNOWN_FACTS = 50_000
# A made-up coin's price at the start lies between these powers of ten.
_LOWEST_EXPONENT, _HIGHEST_EXPONENT = -5.0, 3.0
# The capitalisation falls with the rank about as CoinGecko's list does: 1.5 billion at rank 40, 2 million
# at the last.
_FIRST_MADE_UP_CAP = 1.5e9
_STEEPNESS = 1.5
_SMALLEST_UNLISTED_CAP, _LARGEST_UNLISTED_CAP = 1e5, 1e6


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


# About as they stood in January 2024.
_REAL_COINS = {
    coin.coin_id: coin
    for coin in (
        Coin("bitcoin", "btc", "Bitcoin", 42_000.0, 19_600_000),
        Coin("ethereum", "eth", "Ethereum", 2_280.0, 120_200_000),
        Coin("binancecoin", "bnb", "BNB", 312.0, 153_000_000),
        Coin("solana", "sol", "Solana", 101.0, 430_000_000),
        Coin("ripple", "xrp", "XRP", 0.62, 54_200_000_000),
        Coin("cardano", "ada", "Cardano", 0.59, 35_300_000_000),
        Coin("avalanche-2", "avax", "Avalanche", 39.0, 366_000_000),
        Coin("dogecoin", "doge", "Dogecoin", 0.0895, 142_000_000_000),
        Coin("polkadot", "dot", "Polkadot", 8.2, 1_270_000_000),
        Coin("tron", "trx", "TRON", 0.107, 88_300_000_000),
        Coin("matic-network", "matic", "Polygon", 0.97, 9_600_000_000),
        Coin("chainlink", "link", "Chainlink", 15.0, 568_000_000),
        Coin("shiba-inu", "shib", "Shiba Inu", 0.0000103, 589_000_000_000_000),
        Coin("internet-computer", "icp", "Internet Computer", 13.1, 455_000_000),
        Coin("litecoin", "ltc", "Litecoin", 73.0, 74_000_000),
        Coin("bitcoin-cash", "bch", "Bitcoin Cash", 260.0, 19_600_000),
        Coin("uniswap", "uni", "Uniswap", 7.3, 598_000_000),
        Coin("cosmos", "atom", "Cosmos Hub", 10.6, 387_000_000),
        Coin("near", "near", "NEAR Protocol", 3.65, 1_010_000_000),
        Coin("stellar", "xlm", "Stellar", 0.128, 28_300_000_000),
        Coin("optimism", "op", "Optimism", 3.7, 911_000_000),
        Coin("okb", "okb", "OKB", 55.0, 60_000_000),
        Coin("filecoin", "fil", "Filecoin", 6.9, 483_000_000),
        Coin("injective-protocol", "inj", "Injective", 38.0, 84_000_000),
        Coin("ethereum-classic", "etc", "Ethereum Classic", 22.0, 144_000_000),
        Coin("monero", "xmr", "Monero", 165.0, 18_400_000),
        Coin("hedera-hashgraph", "hbar", "Hedera", 0.087, 33_600_000_000),
        Coin("aptos", "apt", "Aptos", 9.4, 306_000_000),
        Coin("immutable-x", "imx", "Immutable", 2.2, 1_300_000_000),
        Coin("vechain", "vet", "VeChain", 0.034, 72_700_000_000),
        Coin("lido-dao", "ldo", "Lido DAO", 2.7, 890_000_000),
        Coin("arbitrum", "arb", "Arbitrum", 1.6, 1_275_000_000),
        Coin("algorand", "algo", "Algorand", 0.22, 8_000_000_000),
        Coin("the-graph", "grt", "The Graph", 0.18, 9_300_000_000),
        Coin("render-token", "rndr", "Render", 4.5, 373_000_000),
        Coin("quant-network", "qnt", "Quant", 135.0, 12_100_000),
        Coin("aave", "aave", "Aave", 108.0, 14_700_000),
        Coin("maker", "mkr", "Maker", 1_700.0, 920_000),
        Coin("thorchain", "rune", "THORChain", 5.0, 300_000_000),
        Coin("fantom", "ftm", "Fantom", 0.49, 2_800_000_000),
    )
}


def listed_coins() -> tuple[str, ...]:
    """The ids of the 3,000 coins of the list by market capitalisation, in no order that matters."""
    made_up = (f"coin-{rank:04}" for rank in range(len(_REAL_COINS) + 1, _LISTED + 1))
    return (*_REAL_COINS, *made_up)


def is_known(coin_id: str) -> bool:
    """Whether the made-up market has such a coin.

    It has every id of CoinGecko's form but those that begin with ``unknown-``.
    """
    return _ID.fullmatch(coin_id) is not None and not coin_id.startswith(_UNKNOWN)


@lru_cache(_KNOWN_FACTS)
def coin_named(coin_id: str) -> Coin:
    """The facts of a coin; of one that isn't real they follow from its id alone."""
    real = _REAL_COINS.get(coin_id)
    if real is not None:
        return real
    draws = hashlib.sha256(coin_id.encode()).digest()
    level, size = (int.from_bytes(part) / 2**32 for part in (draws[:4], draws[4:8]))
    start_price = 10.0 ** (_LOWEST_EXPONENT + level * (_HIGHEST_EXPONENT - _LOWEST_EXPONENT))
    return Coin(
        coin_id=coin_id,
        symbol=coin_id.replace("-", "")[:4],
        name=coin_id.replace("-", " ").title(),
        start_price=start_price,
        supply=max(1, round(_start_cap(coin_id, size) / start_price)),
    )


def _start_cap(coin_id: str, size: float) -> float:
    """US dollars; ``size`` from 0 to 1 places a coin that isn't listed among those."""
    rank = _made_up_rank(coin_id)
    if rank is None:
        return float(_SMALLEST_UNLISTED_CAP * (_LARGEST_UNLISTED_CAP / _SMALLEST_UNLISTED_CAP) ** size)
    return float(_FIRST_MADE_UP_CAP * (len(_REAL_COINS) / rank) ** _STEEPNESS)


def _made_up_rank(coin_id: str) -> int | None:
    """The rank at the start of a coin of the list, which its id says."""
    if re.fullmatch(r"coin-[0-9]{4}", coin_id) is None:
        return None
    rank = int(coin_id[-4:])
    return rank if len(_REAL_COINS) < rank <= _LISTED else None

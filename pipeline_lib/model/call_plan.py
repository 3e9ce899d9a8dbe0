"""How often CoinGecko may be asked, and how much one call answers."""

from dataclasses import dataclass

COINS_PER_CALL = 250
"""The most coins that one call of ``/coins/markets`` answers for."""


def pages_of(first: int, count: int) -> range:
    """Numbers, from 1, of the pages of ``/coins/markets`` by rank that hold so many coins from a rank on."""
    return range((first - 1) // COINS_PER_CALL + 1, (first + count - 2) // COINS_PER_CALL + 2)


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The calls that a plan of CoinGecko allows.

    Attributes:
        per_minute: Calls in one minute (``COINGECKO_CALLS_PER_MINUTE``).
        per_month: Calls in one month (``COINGECKO_CALLS_PER_MONTH``).
    """

    per_minute: int
    per_month: int


DEMO_PLAN = CallPlan(per_minute=30, per_month=10_000)
"""The free plan with a demo key."""

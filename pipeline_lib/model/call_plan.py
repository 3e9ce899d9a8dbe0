"""How often CoinGecko may be asked, and how much one call answers."""

from dataclasses import dataclass

COINS_PER_CALL = 250
"""The most coins that one call of ``/coins/markets`` answers for."""


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

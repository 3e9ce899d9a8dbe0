"""What became of the coins that a run asked the market for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pipeline_lib.errors import MarketError
from pipeline_lib.model.observation import Snapshot


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took from the market.

    Attributes:
        snapshots: The observations of the run's moment and where they come from, by coin.
        refused: Why others can't be had, by coin.
        warnings: What operators should know of it.
        members: The coins that belong to the pipeline at the moment; empty while nobody knows.
    """

    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    refused: Mapping[str, MarketError] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    members: frozenset[str] = frozenset()

    @property
    def coins(self) -> frozenset[str]:
        """All that were asked for."""
        return frozenset({*self.snapshots, *self.refused})

    def joined(self, other: "Taken") -> "Taken":
        """Both, of which the other's word on a coin counts."""
        return Taken(
            {
                **{coin: each for coin, each in self.snapshots.items() if coin not in other.refused},
                **other.snapshots,
            },
            {
                **{coin: each for coin, each in self.refused.items() if coin not in other.snapshots},
                **other.refused,
            },
            (*self.warnings, *other.warnings),
            self.members | other.members,
        )

    def only(self, coins: Collection[str]) -> "Taken":
        """What became of some of the coins, without warnings."""
        return Taken(
            {coin: each for coin, each in self.snapshots.items() if coin in coins},
            {coin: each for coin, each in self.refused.items() if coin in coins},
            members=self.members,
        )

"""A part of a snapshot: the coins of one run that could be had at one time."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pipeline_lib.model.observation import Archived, Observation


@dataclass(frozen=True, slots=True)
class Part:
    """Observations of one moment that were archived together.

    Attributes:
        pipeline: Name of the pipeline that archived it; None where the first format left it out.
        number: 1 for the first of the moment; of two parts that hold a coin, the lower one counts.
        snapshots: One a coin, by coin; at least one, all of one moment and one currency.
        missing: Coins of the pipeline at the moment that this part lacks, in order. With those of the first
            part they are all that belong to it.
    """

    pipeline: str | None
    number: int
    snapshots: tuple[Archived, ...]
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no part.

        Raises:
            ValueError: It has no observation, coins twice or in another order, or several moments.
        """
        coins = [each.observation.coin for each in self.snapshots]
        if not coins:
            raise ValueError("it has no observation")
        if coins != sorted(set(coins)):
            raise ValueError("its coins are not in order, each once")
        observations = [each.observation for each in self.snapshots]
        if list(self.missing) != sorted({*self.missing} - {*coins}):
            raise ValueError("its missing coins are not in order, each once")
        if len({(each.moment, each.vs_currency) for each in observations}) > 1:
            raise ValueError("its observations are of several moments or currencies")

    @property
    def moment(self) -> datetime:
        """The run's moment (UTC)."""
        return self.snapshots[0].observation.moment

    @property
    def vs_currency(self) -> str:
        """The currency that its prices are in."""
        return self.snapshots[0].observation.vs_currency

    @property
    def coins(self) -> tuple[str, ...]:
        """The coins that it holds."""
        return tuple(each.observation.coin for each in self.snapshots)

    @property
    def requested_at(self) -> datetime:
        """When the last of its sources was asked, by the real clock (UTC)."""
        return max(each.provenance.requested_at for each in self.snapshots)


class Head(NamedTuple):
    """What is recorded of a part. A replay reads a hundred thousand.

    Attributes:
        observations: By coin.
        requested_at: When the last of their sources was asked, by the real clock (UTC).
        missing: Coins of the pipeline at the moment that it lacks.
    """

    observations: tuple[Observation, ...]
    requested_at: datetime
    missing: tuple[str, ...] = ()

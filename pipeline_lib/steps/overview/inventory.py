"""All pipelines: those of specs, and those that the database knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.database.pipelines import RecordedPipeline, recorded_pipelines
from pipeline_lib.specs import PipelineSpec, Schedule
from pipeline_lib.steps.run import Services


@dataclass(frozen=True, slots=True)
class KnownPipeline:
    """A pipeline in an overview.

    Attributes:
        name: Its name.
        coins: CoinGecko ids: of its spec, or, without one, of all series that it ever had.
        schedule: Of its spec; None without one.
        moments: How many moments are recorded.
        newest: The newest of them (UTC); None before the first.
    """

    name: str
    coins: tuple[str, ...]
    schedule: Schedule | None
    moments: int
    newest: datetime | None


def list_pipelines(specs: Iterable[PipelineSpec], services: Services) -> list[KnownPipeline]:
    """All pipelines by name.

    Raises:
        DatabaseError: The database can't be used.
    """
    recorded: dict[str, RecordedPipeline] = {}
    if not services.database.is_empty:
        with services.database.reading() as connection:
            recorded = {each.name: each for each in recorded_pipelines(connection)}
    by_name = {spec.name: spec for spec in specs}
    return [
        _known(name, by_name.get(name), recorded.get(name))
        for name in sorted(by_name.keys() | recorded.keys())
    ]


def _known(name: str, spec: PipelineSpec | None, recorded: RecordedPipeline | None) -> KnownPipeline:
    known = recorded or RecordedPipeline(name, (), 0, None)
    if spec is None:
        return KnownPipeline(name, known.coins, None, known.moments, known.newest)
    coins = spec.coins.named or known.coins
    return KnownPipeline(name, coins, spec.schedule, known.moments, known.newest)

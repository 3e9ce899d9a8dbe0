"""What the database has recorded of a pipeline, as a verification needs it: read at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.parts import PartKey
from pipeline_lib.database import arrivals, replays
from pipeline_lib.database.arrivals import Arrival
from pipeline_lib.database.replays import ObservationKey, PlacedObservation
from pipeline_lib.steps.archiving.manifests import record_of
from pipeline_lib.steps.run import Services


@dataclass(frozen=True, slots=True)
class Recorded:
    """The rows of a pipeline.

    Attributes:
        database: The database's address, for people.
        arrivals: In their order.
        head: The newest arrival as the pipeline's own row has it; None before the first.
        observations: By what they are of, in the order of arrival.
    """

    database: str
    arrivals: tuple[Arrival, ...]
    head: Arrival | None
    observations: Mapping[ObservationKey, PlacedObservation]

    @property
    def records(self) -> dict[PartKey, Record]:
        """The hashes of each snapshot, in the order of arrival."""
        listed = (each.archived for each in self.arrivals)
        return {PartKey(each.moment, each.part): record_of(each) for each in listed}


def read_recorded(services: Services, pipeline: str) -> Recorded:
    """What the database has recorded; nothing where it has no tables yet.

    Args:
        services: How to reach the world.
        pipeline: Name of the pipeline.

    Raises:
        DatabaseError: The database can't be used.
    """
    database = services.database
    if database.is_empty:
        return Recorded(database.name, (), None, {})
    with database.reading() as connection:
        return Recorded(
            database.name,
            tuple(arrivals.read(connection, pipeline)),
            replays.read_head(connection, pipeline),
            replays.read_placed(connection, pipeline),
        )

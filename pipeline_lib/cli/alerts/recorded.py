"""What the database knows of a pipeline's series, for commands."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database import observations
from pipeline_lib.database.alerting import events
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.errors import SchemaVersionError
from pipeline_lib.model.events import RecordedEvent
from pipeline_lib.model.observation import Observation
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec


@dataclass(frozen=True, slots=True)
class Recorded:
    """A series as the database knows it.

    Attributes:
        observations: Of the spec's coin in its currency, by moment.
        events: What became of its events, by moment.
    """

    observations: Sequence[Observation] = ()
    events: Sequence[RecordedEvent] = ()


def read_recorded(spec: PipelineSpec, settings: Settings) -> Recorded:
    """All that is known of a pipeline's series; nothing before its first run.

    Raises:
        DatabaseError: The database can't be used.
    """
    try:
        with closing(PreparedDatabase(settings.database_url)) as database, database.reading() as connection:
            series_id = find_series_id(connection, spec.name, spec.coin, spec.vs_currency)
            if series_id is None:
                return Recorded()
            return Recorded(
                observations.read_since(connection, series_id, BEGINNING),
                events.read_since(connection, series_id, BEGINNING),
            )
    except SchemaVersionError as error:
        if error.found:
            raise
        return Recorded()

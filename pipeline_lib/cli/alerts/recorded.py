"""What the database knows of a pipeline's series, for commands."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import click

from pipeline_lib.alerts.absences import read_absences
from pipeline_lib.common.spans import EVER
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database import observations
from pipeline_lib.database.alerting import events
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.pipelines import find_series_of
from pipeline_lib.errors import SchemaVersionError
from pipeline_lib.model.events import RecordedEvent
from pipeline_lib.model.observation import Observation
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec, SeriesSpec


@dataclass(frozen=True, slots=True)
class Recorded:
    """A series as the database knows it.

    Attributes:
        spec: What holds for its coin.
        observations: Of the coin in the spec's currency, by moment.
        events: What became of its events, by moment.
        absences: Moments (UTC) at which the coin didn't belong to the pipeline, by time.
    """

    spec: SeriesSpec
    observations: Sequence[Observation] = ()
    events: Sequence[RecordedEvent] = ()
    absences: Sequence[datetime] = ()


def choose_coin(spec: PipelineSpec, coin: str | None) -> SeriesSpec:
    """The coin of a pipeline that a command looks at.

    Args:
        spec: The pipeline.
        coin: The coin that is asked for; None for the pipeline's only one.

    Raises:
        UsageError: The pipeline has several coins, or other ones.
    """
    named = spec.coins.named
    if coin is None:
        if len(named) != 1:
            raise click.UsageError(f"{spec.name} has several coins: name one with --coin")
        coin = named[0]
    elif named and coin not in named:
        raise click.UsageError(f"{spec.name} has no coin {coin!r}; its coins: {', '.join(named)}")
    return spec.of_coin(coin)


def read_recorded(spec: PipelineSpec, own: SeriesSpec, settings: Settings) -> Recorded:
    """All that is known of a pipeline's series; nothing before its first run.

    Args:
        spec: The pipeline.
        own: What holds for the coin.
        settings: Where the database is.

    Raises:
        DatabaseError: The database can't be used.
    """
    try:
        with closing(PreparedDatabase(settings.database_url)) as database, database.reading() as connection:
            series = find_series_of(connection, spec.name, [own.coin], own.vs_currency)
            if not series:
                return Recorded(own)
            (found,) = series
            return Recorded(
                own,
                observations.read_since(connection, found.id, BEGINNING),
                events.read_since(connection, found.id, BEGINNING),
                read_absences(connection, spec, series, EVER)[found.id],
            )
    except SchemaVersionError as error:
        if error.found:
            raise
        return Recorded(own)

"""What the database has of all pipelines, read in a fixed number of queries, however many there are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline_lib.database import arrivals, observations, publication_lags
from pipeline_lib.database.alerting import events, problems
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.market import quarantine
from pipeline_lib.database.publication_lags import PublicationLag
from pipeline_lib.database.statistics import latest_rows
from pipeline_lib.database.statistics.latest_rows import SeriesOverview
from pipeline_lib.model.events import Event
from pipeline_lib.model.open_problem import OpenProblem


@dataclass(frozen=True, slots=True)
class Recorded:
    """The rows; series are given by their keys.

    Attributes:
        series: All series with their newest observations, by pipeline.
        moments: Of observations since some time, as ``format_moment`` writes them, with spaces between.
        unended: The newest event of each rule that ends no episode.
        missing: The coins that snapshots since some time lack, by pipeline and moment (UTC).
        undelivered: How many events since some time people missed.
        quarantined: How many moments since some time have refused answers alone, by pipeline and coin.
        open_problems: By pipeline and subject.
        lags: Of S3, by pipeline, all destinations and folders.
    """

    series: Mapping[str, Sequence[SeriesOverview]] = field(default_factory=dict)
    moments: Mapping[int, str] = field(default_factory=dict)
    unended: Mapping[int, Sequence[Event]] = field(default_factory=dict)
    missing: Mapping[str, Mapping[datetime, frozenset[str]]] = field(default_factory=dict)
    undelivered: Mapping[int, int] = field(default_factory=dict)
    quarantined: Mapping[tuple[str, str], int] = field(default_factory=dict)
    open_problems: Mapping[str, Mapping[str, OpenProblem]] = field(default_factory=dict)
    lags: Mapping[str, Sequence[PublicationLag]] = field(default_factory=dict)


def read_recorded(database: PreparedDatabase, since: datetime, rules: Collection[str]) -> Recorded:
    """All that the database has; nothing where it has no tables yet.

    Args:
        database: The database.
        since: Moments, events and refused answers before it don't count (UTC).
        rules: Names of the rules whose episodes are looked for.

    Raises:
        DatabaseError: The database can't be used.
    """
    if database.is_empty:
        return Recorded()
    with database.reading() as connection:
        series: dict[str, list[SeriesOverview]] = {}
        for each in latest_rows.read_all(connection):
            series.setdefault(each.pipeline, []).append(each)
        unended: dict[int, list[Event]] = {}
        for series_id, event in events.read_unended(connection, rules):
            unended.setdefault(series_id, []).append(event)
        open_problems: dict[str, dict[str, OpenProblem]] = {}
        for pipeline, subject, problem in problems.read_all(connection):
            open_problems.setdefault(pipeline, {})[subject] = problem
        lags: dict[str, list[PublicationLag]] = {}
        for lag in publication_lags.read_lags(connection):
            lags.setdefault(lag.pipeline, []).append(lag)
        return Recorded(
            series=series,
            moments=dict(observations.read_moments(connection, since)),
            unended=unended,
            missing=arrivals.read_missing(connection, since),
            undelivered=events.count_missed(connection, since),
            quarantined=quarantine.count_unfilled(connection, since),
            open_problems=open_problems,
            lags=lags,
        )

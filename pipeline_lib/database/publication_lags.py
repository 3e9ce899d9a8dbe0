"""How far S3 is behind, by what the database knows of it: S3 itself isn't asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, false, func, select

from pipeline_lib.database.publications import Folder
from pipeline_lib.database.tables import (
    arrivals,
    pipelines,
    publications,
    series,
    statistics_state,
    unpublished_snapshots,
)


@dataclass(frozen=True, slots=True)
class PublicationLag:
    """What one of the two folders at a destination lacks of a pipeline.

    Attributes:
        pipeline: Name of the pipeline.
        destination: Stands for endpoint, bucket and prefix.
        published_at: When it was last published, by the real clock (UTC).
        arrivals: How many arrivals it lacks, or what was computed from them.
        refused: How many of them can't be published.
        oldest: Moment of the first of them to arrive (UTC); None when it lacks none.
        is_of_closed_day: Whether that one arrived on a day that later arrivals have closed.
    """

    pipeline: str
    destination: str
    published_at: datetime
    arrivals: int
    refused: int
    oldest: datetime | None
    is_of_closed_day: bool


def read_lags(connection: Connection) -> list[PublicationLag]:
    """What is known of all pipelines at all destinations that they were ever published to."""
    lacking = unpublished_snapshots.c
    waiting = (
        select(
            lacking.pipeline_id,
            lacking.destination,
            func.count().label("snapshots"),
            func.count(lacking.reason).label("refused"),
            func.min(lacking.arrival).label("first"),
        )
        .group_by(lacking.pipeline_id, lacking.destination)
        .subquery()
    )
    computed = (
        select(func.coalesce(func.max(statistics_state.c.arrival), 0))
        .select_from(statistics_state.join(series))
        .where(series.c.pipeline_id == pipelines.c.id)
        .scalar_subquery()
    )
    published = publications.c
    is_raw = published.folder == Folder.RAW
    head = case((is_raw, pipelines.c.arrivals), else_=computed)
    first = func.coalesce(waiting.c.first, published.arrival + 1)
    # Statistics of fewer arrivals than are published are those of a series that is gone.
    new = case((head > published.arrival, head - published.arrival), else_=0)
    query = (
        select(
            pipelines.c.name,
            published.destination,
            published.published_at,
            new + func.coalesce(waiting.c.snapshots, 0),
            func.coalesce(waiting.c.refused, 0),
            arrivals.c.moment,
            func.coalesce(arrivals.c.manifest_day < pipelines.c.manifest_day, false()),
        )
        .join_from(publications, pipelines)
        .outerjoin(
            waiting,
            and_(
                is_raw,
                waiting.c.pipeline_id == published.pipeline_id,
                waiting.c.destination == published.destination,
            ),
        )
        .outerjoin(
            arrivals,
            and_(
                arrivals.c.pipeline_id == published.pipeline_id,
                arrivals.c.number == first,
                first <= head,
            ),
        )
    )
    return [PublicationLag(*row) for row in connection.execute(query)]

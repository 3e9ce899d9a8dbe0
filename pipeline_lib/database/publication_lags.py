"""How far S3 is behind, by what the database knows of it: S3 itself isn't asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, select

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
    """What a folder at a destination lacks of a pipeline.

    Attributes:
        pipeline: Name of the pipeline.
        destination: Stands for endpoint, bucket and prefix.
        folder: The folder.
        published_at: When it was last published, by the real clock (UTC).
        arrivals: How many arrivals it lacks, or what was computed from them.
        refused: How many of them can't be published.
        oldest: Moment of the first of them to arrive (UTC); None when it lacks none.
        is_of_closed_day: Whether that one arrived on a day that later arrivals have closed.
    """

    pipeline: str
    destination: str
    folder: Folder
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
    query = (
        select(
            pipelines.c.name,
            pipelines.c.manifest_day,
            published.destination,
            published.folder,
            published.published_at,
            (case((is_raw, pipelines.c.arrivals), else_=computed) - published.arrival).label("behind"),
            func.coalesce(waiting.c.snapshots, 0).label("snapshots"),
            func.coalesce(waiting.c.refused, 0).label("refused"),
            arrivals.c.moment,
            arrivals.c.manifest_day.label("day"),
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
                arrivals.c.number == func.coalesce(waiting.c.first, published.arrival + 1),
            ),
        )
    )
    found = []
    for row in connection.execute(query):
        count = max(row.behind, 0) + row.snapshots
        found.append(
            PublicationLag(
                pipeline=row.name,
                destination=row.destination,
                folder=Folder(row.folder),
                published_at=row.published_at,
                arrivals=count,
                refused=row.refused,
                oldest=row.moment if count else None,
                is_of_closed_day=bool(count and row.day and row.day < row.manifest_day),
            )
        )
    return found

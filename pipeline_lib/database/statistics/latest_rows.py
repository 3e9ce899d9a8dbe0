"""One row a series: its newest observation with its moves, for overviews."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import latest_observations, observations, price_moves


@dataclass(frozen=True, slots=True)
class LatestObservation:
    """The newest observation of a series.

    Attributes:
        moment: Of its run (UTC).
        observations: How many the series has.
    """

    moment: datetime
    observations: int


def update(connection: Connection, series_id: int, further: int) -> LatestObservation:
    """Bring the row for overviews up to statistics that were just written.

    Args:
        connection: The transaction that wrote them.
        series_id: Key of the series, which has statistics.
        further: How many moments they have more than before.
    """
    newest = (
        select(
            price_moves.c.series_id,
            price_moves.c.moment,
            observations.c.price,
            price_moves.c.change_1h_percent,
            price_moves.c.change_24h_percent,
        )
        .join(
            observations,
            and_(
                observations.c.series_id == price_moves.c.series_id,
                observations.c.moment == price_moves.c.moment,
            ),
        )
        .where(price_moves.c.series_id == series_id)
        .order_by(price_moves.c.moment.desc())
        .limit(1)
    )
    known = read(connection, series_id)
    values = connection.execute(newest).one()._asdict()
    values["observations"] = further + (known.observations if known else 0)
    statement = insert_or_ignore(connection, latest_observations).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["series_id"], set_=values))
    return LatestObservation(values["moment"], values["observations"])


def read(connection: Connection, series_id: int) -> LatestObservation | None:
    """The newest observation of a series that has statistics; None when none has.

    Args:
        connection: A transaction.
        series_id: Key of the series.
    """
    columns = (latest_observations.c.moment, latest_observations.c.observations)
    row = connection.execute(
        select(*columns).where(latest_observations.c.series_id == series_id)
    ).one_or_none()
    return None if row is None else LatestObservation(*row)

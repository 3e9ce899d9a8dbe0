"""One row a series: its newest observation with its moves, for overviews."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from sqlalchemy import Connection, and_, func, select

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import (
    latest_observations,
    observations,
    pipelines,
    price_moves,
    series,
)


@dataclass(frozen=True, slots=True)
class LatestObservation:
    """The newest observation of a series.

    Attributes:
        moment: Of its run (UTC).
        observations: How many the series has.
    """

    moment: datetime
    observations: int


@dataclass(frozen=True, slots=True)
class SeriesOverview:
    """A series and its newest observation.

    Attributes:
        pipeline: Name of the pipeline.
        series_id: Key of the series.
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
        first: Moment of its first observation (UTC); None before it.
        moment: Of its newest observation with statistics (UTC); None before the first, as all that follows.
        price: Of one coin.
        change_1h_percent: Over the last hour; None where nobody knows.
        change_24h_percent: Over the last 24 hours; None where nobody knows.
    """

    pipeline: str
    series_id: int
    coin: str
    vs_currency: str
    first: datetime | None
    moment: datetime | None
    price: Decimal | None
    change_1h_percent: Decimal | None
    change_24h_percent: Decimal | None


def read_all(connection: Connection) -> list[SeriesOverview]:
    """All series of all pipelines, by pipeline, coin and currency."""
    first = (
        select(func.min(observations.c.moment, type_=observations.c.moment.type))
        .where(observations.c.series_id == series.c.id)
        .scalar_subquery()
    )
    latest = latest_observations.c
    query = (
        select(
            pipelines.c.name,
            series.c.id,
            series.c.coin,
            series.c.vs_currency,
            first,
            latest.moment,
            latest.price,
            latest.change_1h_percent,
            latest.change_24h_percent,
        )
        .join_from(series, pipelines)
        .outerjoin(latest_observations, latest.series_id == series.c.id)
    )
    found = [SeriesOverview(*row) for row in connection.execute(query)]
    return sorted(found, key=attrgetter("pipeline", "coin", "vs_currency"))


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

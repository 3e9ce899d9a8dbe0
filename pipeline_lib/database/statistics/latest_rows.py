"""One row a series: its newest observation with its moves, for overviews."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from sqlalchemy import Connection, Text, and_, func, select, type_coerce

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database.engine import bulk
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


def update(connection: Connection, further: Mapping[int, int]) -> None:
    """Bring the rows for overviews up to statistics that were just written.

    Args:
        connection: The transaction that wrote them.
        further: How many moments they have more than before, by the key of the series.
    """
    of_series = price_moves.alias()
    newest = (
        select(func.max(of_series.c.moment)).where(of_series.c.series_id == series.c.id).scalar_subquery()
    )
    query = (
        select(
            price_moves.c.series_id,
            *(
                type_coerce(column, Text)
                for column in (
                    price_moves.c.moment,
                    observations.c.price,
                    price_moves.c.change_1h_percent,
                    price_moves.c.change_24h_percent,
                )
            ),
            func.coalesce(latest_observations.c.observations, 0),
        )
        .select_from(series)
        .join(price_moves, price_moves.c.series_id == series.c.id)
        .join(
            observations,
            and_(
                observations.c.series_id == price_moves.c.series_id,
                observations.c.moment == price_moves.c.moment,
            ),
        )
        .outerjoin(latest_observations, latest_observations.c.series_id == series.c.id)
        .where(series.c.id.in_(further), price_moves.c.moment == newest)
    )
    read = bulk.moment_reader(connection)
    rows = [
        (key, format_moment(read(moment)), *values, count + further[key])
        for key, moment, *values, count in connection.execute(query)
    ]
    if rows:
        bulk.upsert(connection, latest_observations, rows)


def read(connection: Connection, series_ids: Collection[int]) -> dict[int, LatestObservation]:
    """The newest observations that have statistics, by the key of the series; some have none.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
    """
    columns = latest_observations.c
    query = select(columns.series_id, columns.moment, columns.observations)
    return {
        row.series_id: LatestObservation(row.moment, row.observations)
        for row in connection.execute(query.where(columns.series_id.in_(series_ids)))
    }

"""Pipelines and their series by name, as keys."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from pipeline_lib.database.tables import arrivals, pipelines, series

NO_CHAIN = "0" * 64
"""The chain before the first arrival."""


@dataclass(frozen=True, slots=True)
class Series:
    """One coin in one currency within one pipeline.

    Attributes:
        id: Its key.
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
    """

    id: int
    coin: str
    vs_currency: str


def insert_or_ignore(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT of the connection's dialect, which knows ``on_conflict_do_nothing`` and ``…_do_update``."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement: postgresql.Insert | sqlite.Insert = dialect.insert(table)
    return statement


def find_pipeline(connection: Connection, name: str) -> int | None:
    """The key of a pipeline, or None before its first observation."""
    return connection.scalar(select(pipelines.c.id).where(pipelines.c.name == name))


def ensure_pipeline(connection: Connection, name: str) -> int:
    """The key of a pipeline, which is made if need be."""
    values = {"name": name, "arrivals": 0, "chain_sha256": NO_CHAIN}
    connection.execute(insert_or_ignore(connection, pipelines).values(values).on_conflict_do_nothing())
    key: int = connection.scalars(select(pipelines.c.id).where(pipelines.c.name == name)).one()
    return key


def find_series(connection: Connection, pipeline: str) -> list[Series]:
    """All series that a pipeline ever had, by coin and currency."""
    query = (
        select(series.c.id, series.c.coin, series.c.vs_currency)
        .join(pipelines)
        .where(pipelines.c.name == pipeline)
        .order_by(series.c.coin, series.c.vs_currency)
    )
    return [Series(*row) for row in connection.execute(query)]


def find_series_of(
    connection: Connection, pipeline: str, coins: Collection[str], vs_currency: str
) -> list[Series]:
    """The series of some coins in one currency, by coin; coins without an observation have none.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        coins: CoinGecko ids.
        vs_currency: The currency that prices are in.
    """
    query = (
        select(series.c.id, series.c.coin, series.c.vs_currency)
        .join(pipelines)
        .where(pipelines.c.name == pipeline, series.c.vs_currency == vs_currency)
        .order_by(series.c.coin)
    )
    # Of a top list, a few more than its coins were members once.
    return [Series(*row) for row in connection.execute(query) if row.coin in coins]


def find_series_id(connection: Connection, pipeline: str, coin: str, vs_currency: str) -> int | None:
    """The key of a series, or None before its first observation.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
    """
    return connection.scalar(
        select(series.c.id)
        .join(pipelines)
        .where(pipelines.c.name == pipeline, series.c.coin == coin, series.c.vs_currency == vs_currency)
    )


def ensure_series(
    connection: Connection, pipeline_id: int, coins: Collection[str], vs_currency: str
) -> Mapping[str, int]:
    """The keys of series by coin; those that are new are made.

    Args:
        connection: A transaction that writes.
        pipeline_id: Key of the pipeline.
        coins: CoinGecko ids.
        vs_currency: The currency that prices are in.
    """
    query = select(series.c.coin, series.c.id).where(
        series.c.pipeline_id == pipeline_id, series.c.vs_currency == vs_currency, series.c.coin.in_(coins)
    )
    known: dict[str, int] = {row.coin: row.id for row in connection.execute(query)}
    missing = [
        {"pipeline_id": pipeline_id, "coin": coin, "vs_currency": vs_currency}
        for coin in sorted(set(coins) - known.keys())
    ]
    if missing:
        connection.execute(insert_or_ignore(connection, series).on_conflict_do_nothing(), missing)
        known = {row.coin: row.id for row in connection.execute(query)}
    return known


@dataclass(frozen=True, slots=True)
class RecordedPipeline:
    """What is recorded of a pipeline, in short.

    Attributes:
        name: Its name.
        coins: CoinGecko ids, of all series that it ever had.
        moments: How many moments have a snapshot.
        newest: The newest of them (UTC); None before the first.
    """

    name: str
    coins: tuple[str, ...]
    moments: int
    newest: datetime | None


def recorded_pipelines(connection: Connection) -> list[RecordedPipeline]:
    """All pipelines that have rows, by name."""
    coins: dict[int, set[str]] = {}
    for key, coin in connection.execute(select(series.c.pipeline_id, series.c.coin)):
        coins.setdefault(key, set()).add(coin)
    query = (
        select(
            pipelines.c.id,
            pipelines.c.name,
            func.count(arrivals.c.moment.distinct()).label("moments"),
            func.max(arrivals.c.moment, type_=arrivals.c.moment.type).label("newest"),
        )
        .outerjoin(arrivals)
        .group_by(pipelines.c.id, pipelines.c.name)
    )
    return sorted(
        (
            RecordedPipeline(row.name, tuple(sorted(coins.get(row.id, ()))), row.moments, row.newest)
            for row in connection.execute(query)
        ),
        key=lambda recorded: recorded.name,
    )

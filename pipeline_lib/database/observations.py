"""Observations: one row a series and moment, with the digits that were sent."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, and_, func, select, type_coerce

from pipeline_lib.common.spans import Span, month_of
from pipeline_lib.database.column_types import Moment
from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import arrivals, observations, pipelines, series
from pipeline_lib.model.observation import Observation

_SERIES_AT_ONCE = 100
_VALUES = (
    observations.c.moment,
    observations.c.price,
    observations.c.change_1h_percent,
    observations.c.change_24h_percent,
    observations.c.market_cap,
    observations.c.total_volume,
    observations.c.last_updated,
)


@dataclass(frozen=True, slots=True)
class RecordedObservation:
    """An observation with its place in the order of arrival.

    Attributes:
        series_id: Key of its series.
        arrival: Number of its snapshot.
        part: Of its snapshot.
        observation: What was observed.
    """

    series_id: int
    arrival: int
    part: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class ArrivedMoment:
    """When the observation of a moment came, among the others of its pipeline.

    Attributes:
        moment: Of the observation (UTC).
        arrival: Number of its snapshot in the pipeline's arrivals.
        is_silent: Whether it was backfilled, so that its consequences alert nobody.
    """

    moment: datetime
    arrival: int
    is_silent: bool


def insert(
    connection: Connection,
    series_ids: Mapping[str, int],
    arrival: int,
    part: int,
    recorded: Sequence[Observation],
) -> None:
    """Enter observations; of two of one series and moment the one of the lower part stays.

    Args:
        connection: A transaction that writes.
        series_ids: Keys of the series by coin.
        arrival: Number of the snapshot in the pipeline's arrivals.
        part: Of the snapshot.
        recorded: What it holds.
    """
    statement = insert_or_ignore(connection, observations)
    columns = ("arrival", "part", *(column.name for column in _VALUES if column.name != "moment"))
    statement = statement.on_conflict_do_update(
        index_elements=["series_id", "moment"],
        set_={name: statement.excluded[name] for name in columns},
        where=statement.excluded.part < observations.c.part,
    )
    connection.execute(
        statement, [_to_values(series_ids[each.coin], arrival, part, each) for each in recorded]
    )


def read_since(connection: Connection, series_id: int, since: datetime) -> list[Observation]:
    """The observations of a series at or after a moment, by moment.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        since: The first moment (UTC).
    """
    query = _query().where(observations.c.series_id == series_id, observations.c.moment >= since)
    return [_observation(row) for row in connection.execute(query.order_by(observations.c.moment))]


def read_order(connection: Connection, series_id: int, since: datetime) -> list[ArrivedMoment]:
    """In which order the observations of a series at or after a moment came, by moment.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        since: The first moment (UTC).
    """
    query = (
        select(observations.c.moment, observations.c.arrival, arrivals.c.is_silent)
        .join(series, series.c.id == observations.c.series_id)
        .join(
            arrivals,
            and_(arrivals.c.pipeline_id == series.c.pipeline_id, arrivals.c.number == observations.c.arrival),
        )
        .where(observations.c.series_id == series_id, observations.c.moment >= since)
        .order_by(observations.c.moment)
    )
    return [ArrivedMoment(*row) for row in connection.execute(query)]


class PriceAt(NamedTuple):
    """A price and when it is of.

    Attributes:
        price: Of one coin.
        last_updated: What the source says that it is of (UTC).
    """

    price: Decimal
    last_updated: datetime


def read_last_prices(
    connection: Connection, series_ids: Collection[int], since: datetime, before: datetime
) -> dict[int, PriceAt]:
    """The last price of each series before a moment, by the key of the series; of some, none.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        since: The first moment that counts (UTC).
        before: Only those before it (UTC).
    """
    earlier = observations.alias()
    newest = (
        select(func.max(earlier.c.moment))
        .where(earlier.c.series_id == series.c.id, earlier.c.moment >= since, earlier.c.moment < before)
        .scalar_subquery()
    )
    query = (
        select(observations.c.series_id, observations.c.price, observations.c.last_updated)
        .join(series, series.c.id == observations.c.series_id)
        .where(series.c.id.in_(series_ids), observations.c.moment == newest)
    )
    return {row.series_id: PriceAt(row.price, row.last_updated) for row in connection.execute(query)}


def find(connection: Connection, series_id: int, moment: datetime) -> Observation | None:
    """The observation of a series at a moment, or None.

    Args:
        connection: A transaction.
        series_id: Key of the series.
        moment: Of a run (UTC).
    """
    query = _query().where(observations.c.series_id == series_id, observations.c.moment == moment)
    row = connection.execute(query).one_or_none()
    return None if row is None else _observation(row)


def find_observed(connection: Connection, series_ids: Collection[int], moment: datetime) -> frozenset[int]:
    """The series that have an observation at a moment.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        moment: Of a run (UTC).
    """
    query = select(observations.c.series_id).where(
        observations.c.series_id.in_(series_ids), observations.c.moment == moment
    )
    return frozenset(connection.scalars(query))


def find_complete_moments(
    connection: Connection, series_ids: Collection[int], since: datetime
) -> set[datetime]:
    """The moments (UTC) at which each of some series has an observation.

    Args:
        connection: A transaction.
        series_ids: Keys of the series.
        since: The first moment that counts (UTC).
    """
    query = (
        select(observations.c.moment)
        .where(observations.c.series_id.in_(series_ids), observations.c.moment >= since)
        .group_by(observations.c.moment)
        .having(func.count() == len(series_ids))
    )
    return set(connection.scalars(query))


def read_by_arrival(connection: Connection, pipeline: str, after: int = 0) -> Iterator[RecordedObservation]:
    """The observations of a pipeline in the order of arrival; those of one snapshot by coin.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        after: Only those of arrivals with a greater number.
    """
    query = (
        _query()
        .join(pipelines, pipelines.c.id == series.c.pipeline_id)
        .where(pipelines.c.name == pipeline, observations.c.arrival > after)
        .order_by(observations.c.arrival, series.c.coin)
    )
    for row in connection.execute(query.execution_options(yield_per=10_000)):
        yield RecordedObservation(row.series_id, row.arrival, row.part, _observation(row))


def read_lines(connection: Connection, pipeline: str, after: int = 0) -> tuple[int, list[str]]:
    """The observations of a pipeline in the order of ``read_by_arrival``, as lines of CSV without their ends.

    The database puts the lines together, since a row of values costs three times as much as one of text.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        after: Only those of arrivals with a greater number.

    Returns:
        The number of the newest arrival among them, and moment, coin, currency, price, move over an hour,
        over a day, market cap, volume, time of the quote of each, with commas between; what is None is empty.
    """
    query = _select_lines(connection, pipeline).where(observations.c.arrival > after)
    rows = connection.execute(query.order_by(observations.c.arrival, series.c.coin)).all()
    return (rows[-1][0] if rows else after), [text for _, text in rows]


def read_lines_by_moment(connection: Connection, pipeline: str, within: Span) -> list[str]:
    """The observations of some moments by moment and coin, as the lines of ``read_lines``.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        within: Which moments.
    """
    query = _select_lines(connection, pipeline).where(*_within(within))
    rows = connection.execute(query.order_by(observations.c.moment, series.c.coin, series.c.vs_currency))
    return [text for _, text in rows]


class Changed(NamedTuple):
    """What came of some moments after an arrival.

    Attributes:
        first: The first moment that has something new (UTC).
        newest: Number of the newest arrival of it.
    """

    first: datetime
    newest: int


def find_changed(connection: Connection, pipeline: str, after: int, within: Span) -> Changed | None:
    """What came after an arrival; None when nothing did.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        after: Number of an arrival.
        within: Which moments count.
    """
    query = (
        select(func.min(arrivals.c.moment), func.max(arrivals.c.number))
        .join(pipelines)
        .where(
            pipelines.c.name == pipeline,
            arrivals.c.number > after,
            arrivals.c.moment >= within.start,
            arrivals.c.moment < within.end,
        )
    )
    first, newest = connection.execute(query).one()
    return None if first is None else Changed(first, newest)


def read_months(connection: Connection, pipeline: str, after: int) -> list[Span]:
    """The UTC months of the moments that came after an arrival, by time.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        after: Number of an arrival; 0 for all months.
    """
    query = select(arrivals.c.moment).join(pipelines)
    found = connection.scalars(query.where(pipelines.c.name == pipeline, arrivals.c.number > after))
    return sorted({month_of(moment) for moment in found})


def count(connection: Connection, series_id: int) -> int:
    """How many observations a series has."""
    query = select(func.count()).select_from(observations).where(observations.c.series_id == series_id)
    return connection.execute(query).scalar_one()


def read_moments(connection: Connection, since: datetime) -> Iterator[tuple[int, str]]:
    """The moments of all series from one on, in no order, as ``format_moment`` writes them.

    Each series has its key and one text, with spaces between the moments. The database puts it together,
    since a row a moment would cost ten times as much.

    Args:
        connection: A transaction.
        since: The first moment (UTC).
    """
    listed = (
        select(func.aggregate_strings(_moment_text(connection, observations.c.moment), " "))
        .where(observations.c.series_id == series.c.id, observations.c.moment >= since)
        .scalar_subquery()
    )
    query = select(series.c.id, listed).execution_options(yield_per=_SERIES_AT_ONCE)
    for series_id, moments in connection.execute(query):
        yield series_id, moments or ""


def _select_lines(connection: Connection, pipeline: str) -> Select[int, str]:
    line = reduce(lambda text, value: text + "," + value, _texts(connection))
    return (
        select(observations.c.arrival, line)
        .join(series, series.c.id == observations.c.series_id)
        .join(pipelines, pipelines.c.id == series.c.pipeline_id)
        .where(pipelines.c.name == pipeline)
    )


def _within(span: Span) -> tuple[ColumnElement[bool], ...]:
    return observations.c.moment >= span.start, observations.c.moment < span.end


def _texts(connection: Connection) -> Iterator[ColumnElement[str]]:
    """The values of an observation as SQL writes them out."""
    for column in (observations.c.moment, series.c.coin, series.c.vs_currency, *_VALUES[1:]):
        if isinstance(column.type, Moment):
            yield _moment_text(connection, column)
        else:
            text: ColumnElement[str] = type_coerce(column, Text)
            yield func.coalesce(text, "") if column.nullable else text


def _moment_text(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A moment as ``format_moment`` writes it."""
    if connection.dialect.name == "postgresql":
        return func.to_char(column, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    return type_coerce(column, Text)


def _query() -> Select[*tuple[Any, ...]]:
    return select(
        observations.c.series_id,
        observations.c.arrival,
        observations.c.part,
        series.c.coin,
        series.c.vs_currency,
        *_VALUES,
    ).join(series, series.c.id == observations.c.series_id)


def _observation(row: Row[*tuple[Any, ...]]) -> Observation:
    return Observation(
        coin=row.coin,
        vs_currency=row.vs_currency,
        moment=row.moment,
        price=row.price,
        change_1h_percent=row.change_1h_percent,
        change_24h_percent=row.change_24h_percent,
        market_cap=row.market_cap,
        total_volume=row.total_volume,
        last_updated=row.last_updated,
    )


def _to_values(series_id: int, arrival: int, part: int, observation: Observation) -> dict[str, object]:
    return {
        "series_id": series_id,
        "arrival": arrival,
        "part": part,
        "moment": observation.moment,
        "price": observation.price,
        "change_1h_percent": observation.change_1h_percent,
        "change_24h_percent": observation.change_24h_percent,
        "market_cap": observation.market_cap,
        "total_volume": observation.total_volume,
        "last_updated": observation.last_updated,
    }

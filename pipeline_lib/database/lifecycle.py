"""All rows of one pipeline at once: another name for them, how many there are, or none of them any more."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    delete,
    exists,
    func,
    select,
    union,
    update,
)

from pipeline_lib.database.pipelines import find_pipeline
from pipeline_lib.database.tables import (
    events,
    history_calls,
    messages,
    metadata,
    open_problems,
    pipelines,
    publications,
    published_objects,
    quarantine,
    series,
    unpublished_snapshots,
)

# What was noted of a pipeline before its first observation bears its name.
_NAMED: Mapping[Table, Sequence[str]] = {
    open_problems: ("subject",),
    history_calls: ("moment",),
    quarantine: ("coin", "moment", "kind", "answer_sha256"),
}
_OF_S3 = (publications, published_objects, unpublished_snapshots)
_IDS_AT_ONCE = 500


def rename(connection: Connection, old: str, new: str) -> None:
    """Give all rows of a pipeline another name, and forget what is known of its objects on S3.

    Series, events and messages keep their keys, so nothing is told again.

    Args:
        connection: A transaction that writes.
        old: The name so far.
        new: A name that no pipeline has. What was noted under it already, such as an open problem, stays.
    """
    pipeline_id = find_pipeline(connection, old)
    for table in _OF_S3:
        # Their keys have the old name.
        connection.execute(delete(table).where(table.c.pipeline_id == pipeline_id))
    for table, keys in _NAMED.items():
        other = table.alias()
        is_there = exists().where(other.c.pipeline == new, *(other.c[key] == table.c[key] for key in keys))
        connection.execute(delete(table).where(table.c.pipeline == old, is_there))
        connection.execute(update(table).where(table.c.pipeline == old).values(pipeline=new))
    connection.execute(update(pipelines).where(pipelines.c.name == old).values(name=new))


def count_rows(connection: Connection, name: str) -> Mapping[str, int]:
    """How many rows a pipeline has, by table; tables without any are left out.

    Args:
        connection: A transaction.
        name: The pipeline.
    """
    counts = {
        table.name: connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
        for table, condition in _conditions(find_pipeline(connection, name), name)
    }
    return {table: count for table, count in counts.items() if count}


def remove(connection: Connection, name: str) -> None:
    """Delete all rows of a pipeline; messages that also tell of other pipelines stay.

    Args:
        connection: A transaction that writes.
        name: The pipeline.
    """
    pipeline_id = find_pipeline(connection, name)
    of_events = select(events.c.message_id).where(_in_series(events, pipeline_id))
    message_ids = [*connection.scalars(of_events.where(events.c.message_id.is_not(None)).distinct())]
    for table, condition in _conditions(pipeline_id, name):
        connection.execute(delete(table).where(condition))
    is_of_others = exists().where(events.c.message_id == messages.c.id)
    for start in range(0, len(message_ids), _IDS_AT_ONCE):
        ids = message_ids[start : start + _IDS_AT_ONCE]
        connection.execute(delete(messages).where(messages.c.id.in_(ids), ~is_of_others))


def known_destinations(connection: Connection, name: str) -> Collection[str]:
    """What stands for the places on S3 that a pipeline is known to have published to.

    Args:
        connection: A transaction.
        name: The pipeline.
    """
    pipeline_id = find_pipeline(connection, name)
    found = union(
        *(select(table.c.destination).where(table.c.pipeline_id == pipeline_id) for table in _OF_S3)
    )
    return set(connection.scalars(found))


def _conditions(pipeline_id: int | None, name: str) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Every table with rows of a pipeline, those that others refer to last, and which rows these are."""
    for table in reversed(metadata.sorted_tables):
        if table is pipelines:
            yield table, pipelines.c.name == name
        elif table in _NAMED:
            yield table, table.c.pipeline == name
        elif "pipeline_id" in table.c:
            yield table, table.c.pipeline_id == pipeline_id
        elif "series_id" in table.c:
            yield table, _in_series(table, pipeline_id)


def _in_series(table: Table, pipeline_id: int | None) -> ColumnElement[bool]:
    return table.c.series_id.in_(select(series.c.id).where(series.c.pipeline_id == pipeline_id))

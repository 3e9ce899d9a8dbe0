"""How many calls for the past a run has made, over all its tries; after a week without one it starts anew."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, tuple_

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import history_calls

_LONGEST_AGE = timedelta(days=7)
_KEY = (history_calls.c.pipeline, history_calls.c.moment)


def read(connection: Connection, pipeline: str, moment: datetime, now: datetime) -> int:
    """How many calls a run has made.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        moment: The run's moment (UTC).
        now: By the real clock (UTC).
    """
    is_it = tuple_(*_KEY) == (pipeline, moment)
    query = select(history_calls.c.calls).where(is_it, history_calls.c.counted_at >= now - _LONGEST_AGE)
    return connection.scalar(query) or 0


def count(connection: Connection, pipeline: str, moment: datetime, now: datetime) -> None:
    """Count one more call of a run.

    Args:
        connection: A transaction that writes.
        pipeline: Name of the pipeline.
        moment: The run's moment (UTC).
        now: By the real clock (UTC).
    """
    # Two that remove the same rows in another order would wait for each other for ever.
    old = select(*_KEY).where(history_calls.c.counted_at < now - _LONGEST_AGE)
    connection.execute(delete(history_calls).where(tuple_(*_KEY).in_(old.with_for_update(skip_locked=True))))
    statement = insert_or_ignore(connection, history_calls)
    statement = statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={"calls": history_calls.c.calls + 1, "counted_at": statement.excluded.counted_at},
    )
    values = {"pipeline": pipeline, "moment": moment, "calls": 1, "counted_at": now}
    connection.execute(statement, values)

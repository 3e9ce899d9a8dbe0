"""Open problems, of which operators hear once a day: one row each, gone when it works again."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import open_problems
from pipeline_lib.model.open_problem import OpenProblem


def find(connection: Connection, pipeline: str, subjects: Collection[str]) -> Mapping[str, OpenProblem]:
    """The open problems of some subjects, by subject; one that has none is left out.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        subjects: Tasks, or what else goes wrong.
    """
    query = select(open_problems).where(
        open_problems.c.pipeline == pipeline, open_problems.c.subject.in_(subjects)
    )
    return {row.subject: _problem_of(row) for row in connection.execute(query)}


def save(connection: Connection, pipeline: str, subject: str, problem: OpenProblem) -> None:
    """Keep the open problem, in the place of what was known of it.

    Args:
        connection: A transaction that writes.
        pipeline: Name of the pipeline.
        subject: A task, or what else goes wrong.
        problem: What is known of it now.
    """
    values = {
        "since": problem.since,
        "last": problem.last,
        "runs": problem.runs,
        "notified": json.dumps(
            {kind: format_moment(moment) for kind, moment in problem.notified_at.items()}, ensure_ascii=False
        ),
    }
    statement = insert_or_ignore(connection, open_problems).values(
        pipeline=pipeline, subject=subject, **values
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["pipeline", "subject"], set_=values))


def close(connection: Connection, pipeline: str, subject: str) -> None:
    """Forget the problem: it is over.

    Args:
        connection: A transaction that writes.
        pipeline: Name of the pipeline.
        subject: A task, or what else goes wrong.
    """
    connection.execute(
        delete(open_problems).where(open_problems.c.pipeline == pipeline, open_problems.c.subject == subject)
    )


def _problem_of(row: Row[Any]) -> OpenProblem:
    notified_at = {kind: parse_moment(text) for kind, text in json.loads(row.notified).items()}
    return OpenProblem(row.since, row.last, row.runs, notified_at)

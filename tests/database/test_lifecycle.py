from datetime import UTC, datetime

import pytest
from sqlalchemy import Table, func, insert, select, update

from pipeline_lib.database import lifecycle, publications
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_pipeline, find_series_id
from pipeline_lib.database.publications import Folder, Progress, Target
from pipeline_lib.database.tables import (
    events,
    history_calls,
    messages,
    observations,
    open_problems,
    pipelines,
    quarantine,
)
from tests.fixtures.arrivals import arrive, observation

AT = datetime(2018, 2, 5, 14, tzinfo=UTC)
NAMED = (open_problems, quarantine, history_calls)


def note(database: Database, pipeline: str, subject: str = "fetch") -> None:
    """What is noted of a pipeline by its name: a problem, a refused answer, a call."""
    with database.writing() as connection:
        connection.execute(
            insert(open_problems).values(
                pipeline=pipeline, subject=subject, since=AT, last=AT, runs=1, notified="{}"
            )
        )
        refused = {"coin": "x", "kind": subject, "answer_sha256": "", "reason": "", "status": 200}
        connection.execute(insert(quarantine).values(pipeline=pipeline, moment=AT, **refused))
        if subject == "fetch":
            connection.execute(
                insert(history_calls).values(pipeline=pipeline, moment=AT, calls=1, counted_at=AT)
            )


def tell(database: Database, pipeline: str, message: int, rule: str) -> None:
    """An event of a pipeline's series, which a message carries."""
    with database.writing() as connection:
        if connection.scalar(select(messages.c.id).where(messages.c.id == message)) is None:
            sent = {"channel": "x", "run_moment": AT, "status": "delivered", "started_at": AT}
            connection.execute(insert(messages).values(id=message, **sent))
        series_id = find_series_id(connection, pipeline, "bitcoin", "usd")
        happened = {
            "rule": rule,
            "episode_since": AT,
            "kind": "fired",
            "step": 1,
            "moment": AT,
            "direction": 1,
        }
        measured = {"value": 1, "threshold": 1, "unit": "%", "scope": "in 1h", "status": "delivered"}
        connection.execute(
            insert(events).values(
                series_id=series_id, message_id=message, recorded_at=AT, **happened, **measured
            )
        )


def names(database: Database, table: Table) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.scalars(select(table.c.pipeline)))


def count(database: Database, table: Table) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def publish(database: Database, pipeline: str) -> Target:
    with database.writing() as connection:
        pipeline_id = find_pipeline(connection, pipeline)
        assert pipeline_id is not None
        target = Target(pipeline_id, f"place of {pipeline}")
        publications.start(connection, target, Folder.RAW, Progress(1, "chain"), AT)
    return target


def test_a_pipeline_keeps_its_keys_under_another_name(database: Database) -> None:
    arrive(database, observation(0), pipeline="old")
    arrive(database, observation(0), pipeline="other")
    publish(database, "old")
    other = publish(database, "other")
    with database.writing() as connection:
        key, series_id = (
            find_pipeline(connection, "old"),
            find_series_id(connection, "old", "bitcoin", "usd"),
        )
        assert lifecycle.known_destinations(connection, "old") == {"place of old"}
        lifecycle.rename(connection, "old", "new")
        assert find_pipeline(connection, "old") is None
        assert find_pipeline(connection, "new") == key
        assert find_series_id(connection, "new", "bitcoin", "usd") == series_id
        assert lifecycle.known_destinations(connection, "new") == set()
        assert publications.read_progress(connection, other, Folder.RAW) == Progress(1, "chain")


def test_what_is_noted_by_name_gets_the_new_one_unless_that_has_it_already(database: Database) -> None:
    for pipeline, subject in (("old", "fetch"), ("old", "late"), ("new", "late"), ("other", "fetch")):
        note(database, pipeline, subject)
    with database.writing() as connection:
        connection.execute(update(open_problems).where(open_problems.c.pipeline == "new").values(runs=7))
        lifecycle.rename(connection, "old", "new")
        assert (
            connection.scalar(
                select(open_problems.c.runs).where(
                    open_problems.c.pipeline == "new", open_problems.c.subject == "late"
                )
            )
            == 7
        )
    assert names(database, open_problems) == ["new", "new", "other"]
    assert names(database, quarantine) == ["new", "new", "other"]
    assert names(database, history_calls) == ["new", "other"]


def test_a_removed_pipeline_leaves_nothing_and_takes_nothing_of_others(database: Database) -> None:
    for pipeline in ("old", "other"):
        arrive(database, observation(0), observation(1), pipeline=pipeline)
        note(database, pipeline)
        publish(database, pipeline)
    with database.writing() as connection:
        before = lifecycle.count_rows(connection, "other")
        assert lifecycle.count_rows(connection, "old") == before
        assert before["observations"] == 2
        lifecycle.remove(connection, "old")
        assert lifecycle.count_rows(connection, "old") == {}
        assert lifecycle.count_rows(connection, "other") == before
        assert [*connection.scalars(select(pipelines.c.name))] == ["other"]
    assert count(database, observations) == 2
    assert [names(database, table) for table in NAMED] == [["other"]] * 3


def test_a_message_goes_with_the_last_pipeline_that_it_tells_of(database: Database) -> None:
    for pipeline in ("old", "other"):
        arrive(database, observation(0), pipeline=pipeline)
        tell(database, pipeline, 1, "1h")
    tell(database, "old", 2, "24h")
    with database.writing() as connection:
        lifecycle.remove(connection, "old")
        assert [*connection.scalars(select(messages.c.id))] == [1]
        lifecycle.remove(connection, "other")
    assert (count(database, messages), count(database, events)) == (0, 0)


@pytest.mark.parametrize("name", ["nobody", "%"])
def test_a_pipeline_that_never_ran_has_no_rows(database: Database, name: str) -> None:
    arrive(database, observation(0), pipeline="other")
    with database.writing() as connection:
        assert lifecycle.count_rows(connection, name) == {}
        lifecycle.remove(connection, name)
        assert lifecycle.known_destinations(connection, name) == set()
    assert count(database, observations) == 1

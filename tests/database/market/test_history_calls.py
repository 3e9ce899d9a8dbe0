from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.market import history_calls
from pipeline_lib.database.tables import history_calls as table

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
MOMENT = NOW - timedelta(days=40)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def count(database: Database, pipeline: str, moment: datetime, now: datetime = NOW) -> None:
    with database.writing() as connection:
        history_calls.count(connection, pipeline, moment, now)


def read(database: Database, pipeline: str, moment: datetime, now: datetime = NOW) -> int:
    with database.reading() as connection:
        return history_calls.read(connection, pipeline, moment, now)


def test_each_run_has_a_count_of_its_own(database: Database) -> None:
    assert read(database, "btc", MOMENT) == 0
    for _ in range(3):
        count(database, "btc", MOMENT)
    count(database, "btc", MOMENT + HOUR)
    count(database, "eth", MOMENT)
    assert read(database, "btc", MOMENT) == 3
    assert read(database, "btc", MOMENT + HOUR) == 1
    assert read(database, "eth", MOMENT) == 1


def test_after_a_week_without_a_call_a_run_starts_anew(database: Database) -> None:
    count(database, "btc", MOMENT)
    count(database, "btc", MOMENT, NOW + WEEK)
    assert read(database, "btc", MOMENT, NOW + 2 * WEEK) == 2
    later = NOW + 2 * WEEK + timedelta(seconds=1)
    assert read(database, "btc", MOMENT, later) == 0
    count(database, "btc", MOMENT, later)
    assert read(database, "btc", MOMENT, later) == 1


def test_counts_of_a_week_ago_are_removed(database: Database) -> None:
    for hour in range(5):
        count(database, "btc", MOMENT + hour * HOUR)
    count(database, "eth", MOMENT, NOW + WEEK + HOUR)
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 1

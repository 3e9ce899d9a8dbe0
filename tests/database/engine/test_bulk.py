"""Rows that are entered at once, in both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database.engine import bulk
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.tables import known_documents, quarantine

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
TEXTS = ("NULL", "", '"', "\\", '{"a": [1, 2]}', "a,b", " ₿ ", "it's\na line", "%s")


def test_any_text_is_entered_as_it_is(database: Database) -> None:
    rows = [(str(number), text, format_moment(MOMENT)) for number, text in enumerate(TEXTS)]
    with database.writing() as connection:
        bulk.upsert(connection, known_documents, rows)
    query = select(known_documents.c.content, known_documents.c.changed_at).order_by(known_documents.c.name)
    with database.reading() as connection:
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [(text, MOMENT) for text in TEXTS]


def test_a_text_that_must_be_escaped_stands_beside_no_value(database: Database) -> None:
    rows = [("a", '"', 200), ("b", None, 404)]
    with database.writing() as connection:
        bulk.upsert(
            connection,
            quarantine,
            [
                (number, "bitcoin", name, format_moment(MOMENT), "stale", "", "", url, None, status, None)
                for number, (name, url, status) in enumerate(rows)
            ],
        )
        query = select(quarantine.c.coin, quarantine.c.url, quarantine.c.status).order_by(quarantine.c.id)
        assert [tuple(row) for row in connection.execute(query)] == rows


@pytest.mark.parametrize("count", [49, 50, 51, 100, 101])
def test_any_number_of_rows_is_entered_in_their_order(database: Database, count: int) -> None:
    rows = [(f"{number:03}", f"text {number}", format_moment(MOMENT)) for number in range(count)]
    with database.writing() as connection:
        bulk.upsert(connection, known_documents, rows)
        query = select(known_documents.c.name, known_documents.c.content).order_by(known_documents.c.name)
        assert [tuple(row) for row in connection.execute(query)] == [row[:2] for row in rows]


def test_a_row_takes_the_place_of_the_one_with_its_key(database: Database) -> None:
    with database.writing() as connection:
        for content in ("first", "second"):
            bulk.upsert(connection, known_documents, [("a", content, format_moment(MOMENT))])
        assert connection.execute(select(known_documents.c.content)).scalars().all() == ["second"]


def test_no_value_is_none(database: Database) -> None:
    row = (7, "bitcoin", "bitcoin", format_moment(MOMENT), "stale", "0" * 64, "why", None, None, 200, None)
    with database.writing() as connection:
        bulk.upsert(connection, quarantine, [row])
        found = connection.execute(select(quarantine)).one()
    assert tuple(found) == (7, "bitcoin", "bitcoin", MOMENT, "stale", "0" * 64, "why", None, None, 200, None)

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.market.documents import change_document, read_document

NOW = datetime(2018, 2, 5, 14, tzinfo=UTC)
ADD_TWENTY = """
import sys
from datetime import UTC, datetime
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.market.documents import change_document
database = Database(Secret(sys.argv[1]))
for number in range(20):
    add = lambda before: [*(before or []), f"{sys.argv[2]}-{number}"]
    with database.writing() as connection:
        change_document(connection, "shape", add, datetime.now(UTC))
"""


def test_without_a_document_there_is_nothing(database: Database) -> None:
    with database.reading() as connection:
        assert read_document(connection, "shape") is None


def test_a_change_sees_what_the_one_before_left(database: Database) -> None:
    seen: list[object] = []

    def change(before: object) -> object:
        seen.append(before)
        return {"changes": len(seen)}

    for _ in range(3):
        with database.writing() as connection:
            change_document(connection, "shape", change, NOW)
    assert seen == [None, {"changes": 1}, {"changes": 2}]
    with database.reading() as connection:
        assert read_document(connection, "shape") == {"changes": 3}
        assert read_document(connection, "another") is None


def test_what_is_no_json_counts_as_nothing_and_is_replaced(database: Database) -> None:
    with database.writing() as connection:
        change_document(connection, "shape", lambda _: 1, NOW)
        connection.execute(text("UPDATE known_documents SET content = '{torn'"))
        assert read_document(connection, "shape") is None
        change_document(connection, "shape", lambda before: [before], NOW)
        assert read_document(connection, "shape") == [None]


def test_a_change_that_fails_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        change_document(connection, "shape", lambda _: 1, NOW)
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        change_document(connection, "shape", lambda _: 1 // 0, NOW)
    with database.reading() as connection:
        assert read_document(connection, "shape") == 1


def test_no_change_of_other_processes_is_lost(database_address: Secret, database: Database) -> None:
    command = [sys.executable, "-c", ADD_TWENTY, database_address.reveal()]
    writers = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    with database.reading() as connection:
        document = read_document(connection, "shape")
    assert isinstance(document, list)
    assert sorted(document) == sorted(f"{name}-{number}" for name in "abc" for number in range(20))

"""Small JSON documents that several processes keep up to date together."""

import json
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select, update

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import known_documents

_NOTHING = "null"


def read_document(connection: Connection, name: str) -> object:
    """The content of a document; None where there is none, or what is there is no JSON.

    Args:
        connection: A transaction.
        name: Of the document.
    """
    query = select(known_documents.c.content).where(known_documents.c.name == name)
    return _decode(connection.scalar(query))


def change_document(
    connection: Connection, name: str, change: Callable[[object], object], now: datetime
) -> None:
    """Put ``change`` of a document's content in its place, while no other process does.

    Args:
        connection: A transaction that writes.
        name: Of the document.
        change: Is given what :func:`read_document` gives.
        now: The real clock (UTC).
    """
    # Without the row there would be nothing to lock.
    new = insert_or_ignore(connection, known_documents).on_conflict_do_nothing()
    connection.execute(new, {"name": name, "content": _NOTHING, "changed_at": now})
    is_it = known_documents.c.name == name
    before = connection.scalar(select(known_documents.c.content).where(is_it).with_for_update())
    values = {"content": json.dumps(change(_decode(before))), "changed_at": now}
    connection.execute(update(known_documents).where(is_it).values(values))


def _decode(text: str | None) -> object:
    try:
        return json.loads(text or _NOTHING)
    except ValueError:
        return None

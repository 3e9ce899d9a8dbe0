"""Thousands of rows at once, in the driver's own values: the way through columns' types costs more."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table

BoundRow: TypeAlias = tuple[Any, ...]
"""The values of a row, a column each: numbers, texts, None, and moments as ``format_moment`` writes them.

Generated columns have none.
"""


def upsert(connection: Connection, table: Table, rows: Sequence[BoundRow]) -> None:
    """Enter rows, each in the place of the one with its key, in one statement.

    Args:
        connection: A transaction that writes.
        table: Where to.
        rows: At least one, no key twice.
    """
    statement = _statement(connection, table)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(statement, tuple(map(_array, zip(*rows, strict=True))))
    else:
        connection.exec_driver_sql(statement, list(rows))


def moment_reader(connection: Connection) -> Callable[[Any], datetime]:
    """What makes a moment (UTC) of the value that the driver gives."""
    return _in_utc if connection.dialect.name == "postgresql" else datetime.fromisoformat


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _array(values: Sequence[object]) -> str:
    """PostgreSQL's text of an array: the driver makes one of a list in several times the time."""
    return "{" + ",".join(["NULL" if value is None else _quoted(str(value)) for value in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _statement(connection: Connection, table: Table) -> str:
    quote = connection.dialect.identifier_preparer.quote
    columns = [column for column in table.columns if column.computed is None]
    names = [quote(column.name) for column in columns]
    keys = [quote(column.name) for column in table.primary_key]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    if connection.dialect.name == "postgresql":
        # Arrays, since the driver's executemany sends a statement a row.
        types = [column.type.compile(dialect=connection.dialect) for column in columns]
        values = f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in types)})"  # noqa: S608
    else:
        values = f"VALUES ({', '.join('?' * len(columns))})"
    # Names of our own tables: nothing in here comes from outside. SQLite needs no WHERE before ON CONFLICT
    # where it is given values.
    return (
        f"INSERT INTO {quote(table.name)} ({', '.join(names)}) {values} "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )

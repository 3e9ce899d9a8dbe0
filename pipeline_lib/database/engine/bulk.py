"""Thousands of rows at once, in the driver's own values: the way through columns' types costs more."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Table

BoundRow: TypeAlias = tuple[Any, ...]
"""The values of a row, a column each: numbers, texts, None, and moments as ``format_moment`` writes them.

Generated columns have none.
"""


# To start a statement costs SQLite as much as to insert a row.
_ROWS_A_STATEMENT = 50


def upsert(connection: Connection, table: Table, rows: Sequence[BoundRow]) -> None:
    """Enter rows, each in the place of the one with its key.

    Args:
        connection: A transaction that writes.
        table: Where to.
        rows: At least one, no key twice.
    """
    if connection.dialect.name == "postgresql":
        # Arrays, since the driver's executemany sends a statement a row.
        kinds = [column.type.compile(dialect=connection.dialect) for column in _columns(table)]
        values = f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in kinds)})"  # noqa: S608
        arrays = tuple(map(_array, zip(*rows, strict=True)))
        connection.exec_driver_sql(_statement(connection, table, values), arrays)
        return
    whole = len(rows) - len(rows) % _ROWS_A_STATEMENT
    _insert_groups(connection, table, rows[:whole], _ROWS_A_STATEMENT)
    _insert_groups(connection, table, rows[whole:], 1)


def _insert_groups(connection: Connection, table: Table, rows: Sequence[BoundRow], size: int) -> None:
    if not rows:
        return
    places = f"({', '.join('?' * len(_columns(table)))})"
    groups = [tuple(chain.from_iterable(rows[start : start + size])) for start in range(0, len(rows), size)]
    connection.exec_driver_sql(_statement(connection, table, f"VALUES {', '.join([places] * size)}"), groups)


def moment_reader(connection: Connection) -> Callable[[Any], datetime]:
    """What makes a moment (UTC) of the value that the driver gives."""
    return _in_utc if connection.dialect.name == "postgresql" else datetime.fromisoformat


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _array(values: Sequence[object]) -> str:
    """PostgreSQL's text of an array: the driver makes one of a list in several times the time."""
    quoted = ",".join(["NULL" if value is None else f'"{value}"' for value in values])
    if "\\" in quoted or quoted.count('"') != 2 * (len(values) - values.count(None)):
        # Hardly a value holds what must be escaped, and to look in each takes as long as all the rest.
        quoted = ",".join(["NULL" if value is None else _quoted(str(value)) for value in values])
    return f"{{{quoted}}}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.computed is None]


def _statement(connection: Connection, table: Table, values: str) -> str:
    quote = connection.dialect.identifier_preparer.quote
    names = [quote(column.name) for column in _columns(table)]
    keys = [quote(column.name) for column in table.primary_key]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    # Names of our own tables: nothing in here comes from outside. SQLite needs no WHERE before ON CONFLICT
    # where it is given values.
    return (
        f"INSERT INTO {quote(table.name)} ({', '.join(names)}) {values} "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )

"""Moments and digits as columns: the same in both databases, to the second and to the digit."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.timestamps import format_moment, parse_moment, to_moment


class Moment(TypeDecorator[datetime]):
    """A time in UTC, to the second: ``timestamptz`` in PostgreSQL, ``2018-02-05T14:00:00Z`` in SQLite.

    The text sorts by time, since its length never changes.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type in a database."""
        is_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if is_postgresql else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """What the database is given."""
        if value is None:
            return None
        return to_moment(value) if dialect.name == "postgresql" else format_moment(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        """What the database gives, in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else parse_moment(value)


class Digits(TypeDecorator[Decimal]):
    """A decimal number as its plain digits, every one of them; never compared or sorted as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """What the database is given."""
        return None if value is None else to_digits(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002
        """What the database gives."""
        return None if value is None else Decimal(value)


class as_number(ColumnElement[Any]):  # noqa: N801 (used as a function of SQL)
    """The number that a column of digits holds, for SQL to compute with: NUMERIC, or REAL in SQLite."""

    inherit_cache = False

    def __init__(self, column_name: str) -> None:
        self.column_name = column_name


@compiles(as_number)
def _as_numeric(element: as_number, compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401
    return f"CAST({compiler.preparer.quote(element.column_name)} AS NUMERIC)"


@compiles(as_number, "sqlite")
def _as_real(element: as_number, compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401
    return f"CAST({compiler.preparer.quote(element.column_name)} AS REAL)"

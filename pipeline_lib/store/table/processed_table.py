"""The processed table: one row a moment, sorted by time; it grows with the raw log."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.log.raw_rows import format_decimal

Cell: TypeAlias = datetime | Decimal | float | int | None
"""A value of the table. None is an empty cell: never 0, never NaN."""


def write(path: Path, content: bytes) -> bool:
    """Replace the table by ``content``, the bytes of ``encode``.

    Returns:
        Whether the file changed; equal content leaves it untouched.

    Raises:
        OSError: The disk is full or read-only. The table is then as it was before.
    """
    if read_bytes(path) == content:
        return False
    replace(path, content)
    return True


def encode(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The table's bytes: floats as the shortest text that reads back the same, decimals in plain digits."""
    return (",".join(columns) + "\n").encode() + encode_rows(rows)


def encode_rows(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The bytes of ``rows`` without a header."""
    return "".join([",".join([_FORMATS[type(cell)](cell) for cell in row]) + "\n" for row in rows]).encode()


def read_bytes(path: Path) -> bytes:
    """The whole table; empty when there is none yet."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


_FORMATS: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    datetime: format_moment,
    Decimal: format_decimal,
    float: repr,
    int: repr,
}

"""Values of the database as lines of CSV."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from pipeline_lib.common.timestamps import format_moment

Cell: TypeAlias = datetime | str | float | int | None
"""A value. A text stands as it is; a float as the shortest text that reads back the same; None is empty."""


def encode_rows(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The lines of ``rows``. No value can hold a comma or a quote, so none is quoted."""
    lines = [
        ",".join(
            # Most rows are such, and need no look at each cell.
            map(str, row)
            if _WRITTEN_AS_TEXT.issuperset(map(type, row))
            else [_FORMATS[type(cell)](cell) for cell in row]
        )
        for row in rows
    ]
    return "\n".join([*lines, ""]).encode()


def first_cell(line: bytes) -> bytes:
    """The moment of a line, as it stands there."""
    return line.partition(b",")[0]


_WRITTEN_AS_TEXT = frozenset({float, int, str})
_FORMATS: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    datetime: format_moment,
    float: repr,
    int: repr,
    str: str,
}

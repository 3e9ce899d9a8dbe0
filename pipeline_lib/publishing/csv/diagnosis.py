"""What is wrong with a file that isn't what was written to it."""

from collections.abc import Sequence
from itertools import zip_longest

from pipeline_lib.publishing.csv.cells import first_cell

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def find_difference(content: bytes, expected: bytes) -> tuple[int, str]:
    """The first line that is wrong, from 1, and how.

    Args:
        content: The file's.
        expected: What it should begin with, or be the beginning of: header and lines.
    """
    if content.startswith(_BYTE_ORDER_MARK):
        return 1, "it starts with a byte order mark, as an editor may leave it"
    lines, known = content.splitlines(keepends=True), expected.splitlines(keepends=True)
    for number, (line, right) in enumerate(zip_longest(lines, known, fillvalue=b""), start=1):
        if line != right:
            return number, _name(number, line, right, lines[: number - 1], known[number:])
    return len(lines), "it was changed since it was written"


def _name(number: int, line: bytes, right: bytes, before: Sequence[bytes], later: Sequence[bytes]) -> str:
    if not line.endswith(b"\n"):
        return _name_end(line, right)
    if line.endswith(b"\r\n"):
        return "its lines end in CRLF, as an editor may leave them, instead of LF"
    if number == 1:
        return _name_header(line, right)
    return _name_row(line, right, before, later)


def _name_end(line: bytes, right: bytes) -> str:
    if not line:
        return "it ends here; lines are missing"
    return "the last line has no line end" if line == right[:-1] else "it ends in the middle of a line"


def _name_row(line: bytes, right: bytes, before: Sequence[bytes], later: Sequence[bytes]) -> str:
    if not line.strip():
        return "the line is blank"
    moment = first_cell(line)
    shown = moment.decode(errors="replace").strip()
    repeated = next((place for place, row in enumerate(before, 1) if first_cell(row) == moment), None)
    if repeated is not None:
        return f"the row of {shown} repeats line {repeated}"
    if line in later:
        return f"the row of {first_cell(right).decode()} is missing"
    if moment == first_cell(right):
        return f"the row of {shown} isn't the one that was written"
    return f"no row of {shown} was written here"


def _name_header(line: bytes, right: bytes) -> str:
    columns, expected = (text.decode(errors="replace").rstrip("\n").split(",") for text in (line, right))
    if columns == expected[: len(columns)]:
        return f"an older version wrote it: it lacks {', '.join(expected[len(columns) :])}"
    if columns[: len(expected)] == expected:
        return f"a newer version wrote it: it also has {', '.join(columns[len(expected) :])}"
    return f"the header is not {','.join(expected)}"

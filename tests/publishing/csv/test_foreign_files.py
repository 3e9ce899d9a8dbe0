"""A file that isn't what was written to it is refused by the name of what is wrong, and left as it is."""

from collections.abc import Callable

import pytest

from pipeline_lib.errors import ForeignFileError
from tests.publishing.csv.files import Files

Spoil = Callable[[bytes], bytes]


def _line(number: int, change: Spoil) -> Spoil:
    def spoil(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        lines[number - 1] = change(lines[number - 1])
        return b"".join(lines)

    return spoil


FOREIGN: dict[str, tuple[Spoil, int, str]] = {
    "byte order mark": (lambda content: b"\xef\xbb\xbf" + content, 1, "it starts with a byte order mark"),
    "CRLF": (lambda content: content.replace(b"\n", b"\r\n"), 1, "its lines end in CRLF"),
    "one CRLF": (_line(3, lambda line: line[:-1] + b"\r\n"), 3, "its lines end in CRLF"),
    "blank": (_line(3, lambda line: b"\n" + line), 3, "the line is blank"),
    "spaces": (_line(3, lambda line: b"  \n" + line), 3, "the line is blank"),
    "repeated": (_line(3, lambda line: line + line), 4, "the row of 2018-02-05T15:00:00Z repeats line 3"),
    "missing": (_line(3, lambda _: b""), 3, "the row of 2018-02-05T15:00:00Z is missing"),
    "edited": (
        _line(4, lambda line: line.replace(b"7074", b"7075")),
        4,
        "the row of 2018-02-05T16:00:00Z isn't the one that was written",
    ),
    "another row": (
        _line(4, lambda line: line + b"2018-02-05T16:30:00Z,1\n"),
        5,
        "no row of 2018-02-05T16:30:00Z was written here",
    ),
    "longer": (lambda content: content + b"total,9\n", 7, "no row of total was written here"),
    "half a line more": (lambda content: content + b"2017", 7, "it ends in the middle of a line"),
    "without line end": (lambda content: content[:-1], 6, "the last line has no line end"),
    "cut": (lambda content: content[:-5], 6, "it ends in the middle of a line"),
    "truncated": (_line(6, lambda _: b""), 6, "it ends here; lines are missing"),
    "emptied": (lambda _: b"", 1, "it ends here; lines are missing"),
    "other header": (_line(1, lambda line: b"when" + line[9:]), 1, "the header is not timestamp,"),
    "fewer columns": (_line(1, lambda _: b"timestamp\n"), 1, "an older version wrote it: it lacks "),
    "more columns": (
        _line(1, lambda line: line[:-1] + b",x\n"),
        1,
        "a newer version wrote it: it also has x",
    ),
    "something else": (lambda _: b"\x00\xff\n", 1, "the header is not timestamp,"),
}


@pytest.mark.parametrize("case", FOREIGN)
@pytest.mark.parametrize("hours", [(), (5,)], ids=["nothing new", "one hour more"])
def test_a_foreign_file_is_refused_by_name_and_left(
    files: Files, kind: str, case: str, hours: tuple[int, ...]
) -> None:
    spoil, line, reason = FOREIGN[case]
    files.arrive(0, 1, 2, 3, 4)
    files.append(kind)
    content = spoil(files.path(kind).read_bytes())
    files.path(kind).write_bytes(content)
    files.arrive(*hours)
    with pytest.raises(ForeignFileError) as caught:
        files.append(kind)
    assert (caught.value.path, caught.value.line) == (files.path(kind), line)
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).endswith(
        "; the file is left as it is ("
        "coin-pipelines export bitcoin --rewrite makes it anew from the database)"
    )
    assert files.path(kind).read_bytes() == content


@pytest.mark.parametrize("case", sorted(FOREIGN.keys() - {"truncated", "cut", "without line end", "emptied"}))
def test_a_foreign_file_without_a_note_is_refused_too(files: Files, kind: str, case: str) -> None:
    spoil, line, reason = FOREIGN[case]
    files.arrive(0, 1, 2, 3, 4)
    content = spoil(files.whole(kind))
    files.path(kind).write_bytes(content)
    with pytest.raises(ForeignFileError) as caught:
        files.append(kind)
    assert caught.value.line == line
    assert caught.value.reason.startswith(reason)
    assert files.path(kind).read_bytes() == content


def test_an_edited_file_is_refused_for_as_long_as_it_is_edited(files: Files, kind: str) -> None:
    files.arrive(0, 1)
    files.append(kind)
    before = files.path(kind).read_bytes()
    files.path(kind).write_bytes(before.replace(b"7037", b"7038"))
    files.arrive(2)
    for _ in range(2):
        with pytest.raises(ForeignFileError):
            files.append(kind)
    files.path(kind).write_bytes(before)
    assert files.append(kind).rows == 3
    assert files.path(kind).read_bytes() == files.whole(kind)


def test_behind_a_late_row_no_line_is_blamed(files: Files) -> None:
    files.arrive(0, 2, 4, 5)
    files.append("processed")
    content = files.processed.read_bytes().replace(b"7085", b"7086")
    files.processed.write_bytes(content)
    files.arrive(1)
    with pytest.raises(ForeignFileError) as caught:
        files.append("processed")
    assert (caught.value.line, caught.value.reason) == (None, "it was changed since it was written")
    assert files.processed.read_bytes() == content


def test_in_front_of_a_late_row_the_line_is_named(files: Files) -> None:
    files.arrive(0, 1, 2, 4)
    files.append("processed")
    content = files.processed.read_bytes().replace(b"7037", b"7038")
    files.processed.write_bytes(content)
    files.arrive(3)
    with pytest.raises(ForeignFileError) as caught:
        files.append("processed")
    assert caught.value.line == 3

"""Proves that the processed table is what the raw log gives."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.difference import Difference
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.statistics_files import build_processed_table
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.table import processed_table

if TYPE_CHECKING:
    from pipeline_lib.specs import Window

_REPLAY = "coin-pipelines replay"
_NEXT_RUN = "the next run's compute step, or coin-pipelines replay"


def check_processed(layout: Layout, windows: "Sequence[Window]") -> Iterator[Difference]:
    """Rows of the processed table that aren't what the raw log gives."""
    with exclusive(layout.processed_table):
        found = processed_table.read_bytes(layout.processed_table)
        try:
            observations = raw_log.read(layout.raw_log)
            expected = build_processed_table(layout.raw_log, observations, windows) if observations else b""
        except TableDamagedError as error:
            yield Difference(f"{error.path}:{error.line}", error.message.partition(": ")[2], _REPLAY)
            return
    if found == expected:
        return
    place = str(layout.processed_table)
    header, *rows = expected.splitlines() or [b""]
    found_header, *found_rows = found.splitlines() or [b""]
    if found_header != header:
        reason = "it is missing" if not found else "it was made for other windows, or by another version"
        yield Difference(f"{place}:1" if found else place, reason, _NEXT_RUN)
        return
    if not found.endswith(b"\n"):
        yield Difference(f"{place}:{len(found_rows) + 1}", "its last line has no end", _REPLAY)
    yield from _compare_rows(place, rows, found_rows)


def _compare_rows(place: str, rows: Sequence[bytes], found: Sequence[bytes]) -> Iterator[Difference]:
    by_moment = {row.partition(b",")[0]: row for row in rows}
    seen: set[bytes] = set()
    for number, line in enumerate(found, start=2):
        key = line.partition(b",")[0]
        if key in seen or key not in by_moment:
            yield Difference(f"{place}:{number}", "the raw log gives no such row", _REPLAY)
        elif line != by_moment[key]:
            column = _first_other(by_moment[key], line)
            yield Difference(f"{place}:{number}", f"value {column} isn't what the raw log gives", _REPLAY)
        seen.add(key)
    for key in by_moment:
        if key not in seen:
            yield Difference(place, f"it lacks the row of {key.decode()}", _NEXT_RUN)
    if seen == by_moment.keys() and [line.partition(b",")[0] for line in found] != list(by_moment):
        yield Difference(place, "its rows aren't sorted by time", _REPLAY)


def _first_other(row: bytes, found: bytes) -> int:
    pairs = zip_longest(row.split(b","), found.split(b","))
    return next(number for number, (one, other) in enumerate(pairs, start=1) if one != other)

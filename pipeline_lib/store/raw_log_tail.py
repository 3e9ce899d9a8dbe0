"""The end of the raw log by time, found without reading the rows before it."""

import mmap
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.observation import Observation
from pipeline_lib.store.raw_rows import decode_row
from pipeline_lib.timestamps import format_moment

_DAY = timedelta(days=1)


def newest_before(path: Path, moment: datetime, within: timedelta) -> Observation | None:
    """The latest observation before ``moment`` and no more than ``within`` before it; None without one.

    Rows stand in the order of arrival, so it may stand anywhere: the days are searched for one after the
    other, from that of ``moment`` back. A last line without its end is left out, as it is being written.

    Raises:
        TableDamagedError: A line of one of these days is not a row.
    """
    try:
        with path.open("rb") as log, mmap.mmap(log.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _search(path, content, moment, within)
    except (FileNotFoundError, ValueError):
        # No log yet, or an empty one, which can't be mapped.
        return None


def _search(path: Path, content: mmap.mmap, moment: datetime, within: timedelta) -> Observation | None:
    oldest = moment - within
    day = moment
    while day.date() >= oldest.date():
        rows = [
            row for row in _rows_of_day(path, content, day) if row.moment < moment and row.moment >= oldest
        ]
        if rows:
            return max(rows, key=lambda row: row.moment)
        day -= _DAY
    return None


def _rows_of_day(path: Path, content: mmap.mmap, day: datetime) -> Iterator[Observation]:
    key = b"\n" + format_moment(day)[: len("2018-02-05T")].encode()
    start = content.find(key)
    while start >= 0:
        end = content.find(b"\n", start + 1)
        if end < 0:
            return
        try:
            yield decode_row(content[start + 1 : end].decode(errors="replace"))
        except ValueError as error:
            number = content[: start + 1].count(b"\n") + 1
            raise TableDamagedError(
                path, number, str(error), hint="the log can be made again from the archive"
            ) from error
        start = content.find(key, end)

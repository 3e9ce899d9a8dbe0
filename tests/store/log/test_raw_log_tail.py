"""The raw log's last hours, found without reading all of it, and never wrongly."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log import log_index
from pipeline_lib.store.log.log_index import index_path
from pipeline_lib.store.log.raw_log import read, read_since
from tests.store.log.appending import append

START = datetime(2018, 2, 5, 14, tzinfo=UTC)

spoilers: list[Callable[[Path], object]] = [
    lambda index: index.unlink(missing_ok=True),
    lambda index: index.write_bytes(b"2018-02-05 9"),
    lambda index: index.write_bytes(b"2018-02-05 10\n2018-02-06 100\n"),
    lambda index: index.write_bytes(b"2018-02-01 104\n2030-01-01 999999\n"),
    lambda index: index.write_bytes(bytes(100)),
    lambda _index: None,
]


def _row(hours: int) -> Observation:
    moment = START + timedelta(hours=hours)
    return Observation("bitcoin", "usd", moment, Decimal(hours + 9999), None, None, None, None, moment)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "raw.csv"


@settings(deadline=None)
@given(
    hours=st.lists(st.integers(0, 150), max_size=40),
    since=st.integers(-1, 151),
    spoil=st.sampled_from(spoilers),
    after=st.integers(0, 40),
)
def test_rows_since_a_moment_are_all_of_them_by_time_however_late_they_came(
    hours: list[int], since: int, spoil: Callable[[Path], object], after: int
) -> None:
    with TemporaryDirectory() as folder:
        log = Path(folder) / "raw.csv"
        for count, hour in enumerate(hours):
            if count == after:
                spoil(index_path(log))
            append(log, _row(hour))
        assert read(log) == [_row(hour) for hour in dict.fromkeys(hours)]
        expected = [_row(hour) for hour in sorted(set(hours)) if hour >= since]
        assert read_since(log, START + timedelta(hours=since)) == expected
        spoil(index_path(log))
        assert read_since(log, START + timedelta(hours=since)) == expected


def test_the_index_holds_where_each_newest_day_begins(log: Path) -> None:
    for hours in (0, 1, 10, 58, 20, 60):
        append(log, _row(hours))
    starts = [log.read_bytes().find(f"2018-02-0{day}T".encode()) for day in (5, 6, 8)]
    assert index_path(log).read_text() == "".join(
        f"2018-02-0{day} {start}\n" for day, start in zip((5, 6, 8), starts, strict=True)
    )


def test_what_lies_before_the_days_asked_for_isnt_read(log: Path) -> None:
    for hours in range(0, 100, 5):
        append(log, _row(hours))
    content = log.read_bytes()
    log.write_bytes(content.replace(b",usd,9999,", b",usd,what,"))
    with pytest.raises(TableDamagedError):
        read(log)
    assert [row.price for row in read_since(log, START + timedelta(hours=90))] == [10089, 10094]
    assert append(log, _row(101))


def test_a_bad_row_is_named_by_its_line_in_the_whole_file(log: Path) -> None:
    for hours in range(0, 100, 5):
        append(log, _row(hours))
    log.write_bytes(log.read_bytes().replace(b",usd,10094,", b",usd,what?,"))
    with pytest.raises(TableDamagedError, match="price is 'what\\?', not a number") as caught:
        read_since(log, START + timedelta(hours=90))
    assert caught.value.line == 21


def test_no_log_has_no_rows_since(log: Path) -> None:
    assert read_since(log, START) == []


def test_the_log_is_the_truth_when_the_index_is_of_another_one(log: Path) -> None:
    for hours in range(0, 200, 5):
        append(log, _row(hours))
    index = log_index.read(log)
    log.unlink()
    for hours in range(150, 0, -3):
        append(log, _row(hours))
    log_index.write(log, index)
    assert len(read_since(log, START + timedelta(hours=100))) == 17
    assert not append(log, replace(_row(150), price=Decimal(1)))
    assert append(log, _row(151))
    assert len(log.read_bytes().splitlines()) == 52


@pytest.mark.parametrize("line", [1, 2, 9, 30])
def test_a_log_that_lost_a_line_in_an_editor_is_still_read_rightly(log: Path, line: int) -> None:
    for hours in range(0, 400, 7):
        append(log, _row(hours))
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    rows = read(log)
    for row in rows:
        assert read_since(log, row.moment)[0] == row
        assert not append(log, row)
    assert append(log, _row(7 * (line - 1)))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_folder_that_is_read_only_is_told(log: Path) -> None:
    append(log, _row(0))
    content = log.read_bytes()
    log.chmod(0o444)
    with pytest.raises(PermissionError):
        append(log, _row(1))
    assert log.read_bytes() == content

"""The processed table follows from the log's rows alone, whatever the way that led there."""

import errno
import os
from collections.abc import Sequence
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
from pipeline_lib.specs import Window
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.statistics_files import (
    Updated,
    build_processed_table,
    holds_row,
    update_processed_table,
)
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.raw_rows import encode_row
from pipeline_lib.store.table import table_progress
from tests.store.log.appending import append

START = datetime(2018, 2, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Window("24h", timedelta(hours=24))
WINDOWS = st.lists(
    st.sampled_from([Window("2h", 2 * HOUR), DAY, Window("7d", timedelta(days=7))])
    | st.builds(lambda rows: Window(f"{rows}_rows", rows), st.integers(2, 30)),
    min_size=1,
    max_size=3,
    unique_by=lambda window: window.label,
)


def _observation(minutes: int, price: str = "7000.10") -> Observation:
    moment = START + timedelta(minutes=minutes)
    return Observation("bitcoin", "usd", moment, Decimal(price), None, None, None, None, moment)


def _fill(layout: Layout, hours: Sequence[int]) -> None:
    for hour in hours:
        append(layout.raw_log, _observation(60 * hour, f"{7000 + hour * 37 % 100}"))


def _whole(layout: Layout, windows: Sequence[Window]) -> bytes:
    return build_processed_table(layout.raw_log, raw_log.read(layout.raw_log), windows)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.below(tmp_path, "bitcoin")


@settings(deadline=None)
@given(
    windows=WINDOWS,
    # Groups of runs, each followed by a compute step: any order, with gaps and moments that come again.
    groups=st.lists(
        st.lists(
            st.tuples(st.integers(0, 400).map(lambda step: 30 * step), st.integers(1, 10**12)), max_size=12
        ),
        max_size=6,
    ),
)
def test_any_order_and_grouping_give_the_bytes_of_a_rebuild_from_nothing(
    windows: list[Window], groups: list[list[tuple[int, int]]]
) -> None:
    with TemporaryDirectory() as folder:
        layout = Layout.below(Path(folder), "bitcoin")
        for group in groups:
            for minutes, price in group:
                append(layout.raw_log, _observation(minutes, f"{price}E-6"))
            rows = raw_log.read(layout.raw_log)
            updated = update_processed_table(layout, windows)
            assert updated.rows == len(rows)
            assert updated.last == max((row.moment for row in rows), default=None)
            if rows:
                assert layout.processed_table.read_bytes() == _whole(layout, windows)


def test_an_appended_hour_touches_nothing_before_it(layout: Layout) -> None:
    _fill(layout, range(40))
    update_processed_table(layout, [DAY])
    before = layout.processed_table.stat()
    _fill(layout, [40])
    assert update_processed_table(layout, [DAY]) == Updated(41, START + 40 * HOUR, changed=True)
    assert layout.processed_table.stat().st_ino == before.st_ino
    assert layout.processed_table.read_bytes() == _whole(layout, [DAY])


def test_a_late_row_replaces_the_table_from_its_place_on(layout: Layout) -> None:
    _fill(layout, [*range(20), *range(21, 40)])
    update_processed_table(layout, [DAY])
    first_lines = layout.processed_table.read_bytes().splitlines()[:21]
    _fill(layout, [20])
    assert update_processed_table(layout, [DAY]).rows == 40
    assert layout.processed_table.read_bytes() == _whole(layout, [DAY])
    assert layout.processed_table.read_bytes().splitlines()[:21] == first_lines


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: table.unlink(),
        lambda table: table.write_bytes(b""),
        lambda table: table.write_bytes(table.read_bytes() + b"2018-02-09T00:00:00Z,1"),
        lambda table: table.write_bytes(table.read_bytes().replace(b"7000", b"8000")),
        lambda table: os.truncate(table, 400),
        lambda table: table.with_name(".bitcoin_processed.csv.progress").unlink(),
        lambda table: table.with_name(".bitcoin_processed.csv.progress").write_bytes(b'{"method": 1'),
        lambda table: table.with_name(".bitcoin_processed.csv.progress").write_bytes(b"[]"),
    ],
    ids=["lost", "emptied", "torn", "edited", "cut", "no note", "half a note", "no note at all"],
)
@pytest.mark.parametrize("appended", [0, 1])
def test_a_table_that_isnt_what_it_was_is_made_again(layout: Layout, spoil: object, appended: int) -> None:
    _fill(layout, range(30))
    update_processed_table(layout, [DAY])
    assert callable(spoil)
    spoil(layout.processed_table)
    _fill(layout, range(30, 30 + appended))
    update_processed_table(layout, [DAY])
    assert layout.processed_table.read_bytes() == _whole(layout, [DAY])


@pytest.mark.parametrize("late", [False, True])
def test_a_process_killed_between_table_and_note_is_made_up_for(
    layout: Layout,
    monkeypatch: pytest.MonkeyPatch,
    late: bool,  # noqa: FBT001 (a case)
) -> None:
    _fill(layout, range(1, 30))
    update_processed_table(layout, [DAY])
    _fill(layout, [0 if late else 30])

    def killed(_table: Path, _progress: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(table_progress, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            update_processed_table(layout, [DAY])
    _fill(layout, [31])
    assert update_processed_table(layout, [DAY]).rows == 31
    assert layout.processed_table.read_bytes() == _whole(layout, [DAY])


@pytest.mark.parametrize("room", [0, 30, 150])
def test_a_disk_that_takes_a_part_of_a_row_leaves_the_table_as_it_was(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    _fill(layout, range(30))
    update_processed_table(layout, [DAY])
    before, really_write, left = layout.processed_table.read_bytes(), os.write, [room]
    _fill(layout, [30, 31, 32])

    def write(descriptor: int, content: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = really_write(descriptor, content[: left[0]])
        left[0] -= written
        return written

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            update_processed_table(layout, [DAY])
    assert layout.processed_table.read_bytes() == before
    update_processed_table(layout, [DAY])
    assert layout.processed_table.read_bytes() == _whole(layout, [DAY])


def test_other_windows_make_the_table_again(layout: Layout) -> None:
    _fill(layout, range(30))
    update_processed_table(layout, [DAY])
    windows = [DAY, Window("3_rows", 3)]
    assert update_processed_table(layout, windows).changed
    assert layout.processed_table.read_bytes() == _whole(layout, windows)


def test_another_log_makes_the_table_again(layout: Layout) -> None:
    _fill(layout, range(30))
    update_processed_table(layout, [DAY])
    layout.raw_log.unlink()
    _fill(layout, range(1, 40))
    update_processed_table(layout, [DAY])
    assert layout.processed_table.read_bytes() == _whole(layout, [DAY])


def test_a_moment_that_stands_twice_in_the_log_is_told(layout: Layout) -> None:
    _fill(layout, range(3))
    update_processed_table(layout, [DAY])
    before = layout.processed_table.read_bytes()
    with layout.raw_log.open("ab") as log:
        log.write(encode_row(replace(_observation(60), price=Decimal(1))).encode())
    with pytest.raises(TableDamagedError, match="2018-02-05T15:00:00Z stands there twice"):
        update_processed_table(layout, [DAY])
    assert layout.processed_table.read_bytes() == before


def test_a_row_is_found_by_its_moment(layout: Layout) -> None:
    assert not holds_row(layout, START)
    _fill(layout, [0, 2, 3, 7])
    update_processed_table(layout, [DAY])
    assert [hour for hour in range(-1, 9) if holds_row(layout, START + hour * HOUR)] == [0, 2, 3, 7]


def test_no_log_makes_no_table(layout: Layout) -> None:
    assert update_processed_table(layout, [DAY]) == Updated(0, None, changed=False)
    assert not layout.processed_table.exists()

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.specs import Window
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.verify import local_checks
from tests.steps.derived.world import WINDOWS, Runs, files

HOUR = timedelta(hours=1)
JSON = "archive/20180205T150000Z.json"
CSV = "archive/20180205T150000Z.csv"
FIRST_DAY = "manifests/2018-02-05.sha256"

Found = list[tuple[str, str]]


def verify(layout: Layout, windows: tuple[Window, ...] = WINDOWS) -> Found:
    """The differences as place in the folder and reason; each must say how to mend it."""
    found = []
    before = files(layout)
    for check in local_checks(layout, windows):
        for difference in check():
            assert difference.fix
            found.append((difference.place.removeprefix(f"{layout.archive.parent}/"), difference.reason))
    assert files(layout) == before
    return found


def _change(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.unlink()
    path.write_bytes(content.replace(old, new))


@pytest.fixture
def folder(history: Layout) -> Path:
    return history.archive.parent


def test_what_runs_leave_has_no_difference(history: Layout) -> None:
    assert verify(history) == []


def test_nothing_has_no_difference(layout: Layout) -> None:
    assert verify(layout) == []


def test_a_changed_snapshot_is_found(history: Layout, folder: Path) -> None:
    _change(folder / JSON, b"7037", b"7038")
    ((place, reason),) = verify(history)
    assert place == JSON
    assert reason.startswith("its sha256 is ")


@pytest.mark.parametrize("name", [JSON, CSV])
def test_a_missing_snapshot_is_found(history: Layout, folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert verify(history) == [(name, "it is missing")]


def test_a_snapshot_that_no_manifest_lists_is_found(history: Layout, runs: Runs) -> None:
    runs.archive(31)
    assert verify(history) == [
        (f"archive/20180206T210000Z.{suffix}", "no manifest lists it") for suffix in ("csv", "json")
    ]


def test_a_snapshot_changed_together_with_its_manifest_is_found(history: Layout, folder: Path) -> None:
    _change(folder / FIRST_DAY, b"  20180205T150000Z.json", b"  20180205T150001Z.json")
    ((place, reason), *_others) = verify(history)
    assert place == FIRST_DAY
    assert "as the next one says" in reason


def test_a_missing_manifest_is_found(history: Layout, folder: Path) -> None:
    (folder / FIRST_DAY).unlink()
    assert verify(history) == [(FIRST_DAY, "it is missing")]


def test_a_manifest_beside_the_chain_is_found(history: Layout, folder: Path) -> None:
    (folder / "manifests" / "2018-01-01.sha256").write_bytes(b"# first\n")
    assert verify(history) == [("manifests/2018-01-01.sha256", "no other manifest is chained to it")]


def test_every_row_that_differs_in_the_log_is_found(history: Layout) -> None:
    lines = history.raw_log.read_bytes().splitlines(keepends=True)
    foreign = lines[1].replace(b"2018-02-05T14", b"2017-02-05T14", 1)
    changed = lines[2].replace(b"7037", b"7038")
    history.raw_log.write_bytes(b"".join([lines[0], lines[1], changed, *lines[4:], foreign, lines[5]]))
    assert verify(history)[:4] == [
        ("raw.csv:3", "the row isn't the archived one"),
        ("raw.csv:31", "the archive has no snapshot of this row"),
        ("raw.csv:32", "the row of line 5 stands here again"),
        ("raw.csv", "it lacks the row of 2018-02-05T16:00:00Z"),
    ]


def test_another_order_and_another_header_in_the_log_are_found(history: Layout) -> None:
    header, *lines = history.raw_log.read_bytes().splitlines(keepends=True)
    history.raw_log.write_bytes(header + b"".join(lines[::-1]))
    assert verify(history) == [("raw.csv", "its rows stand in another order than they came in")]
    history.raw_log.write_bytes(header.replace(b"price", b"Price") + b"".join(lines))
    assert verify(history)[0] == ("raw.csv:1", "its header is another one")


def test_a_lost_log_is_found(history: Layout) -> None:
    history.raw_log.unlink()
    found = verify(history)
    assert found[0] == ("raw.csv:1", "its header is another one")
    assert sum(reason.startswith("it lacks the row of ") for _, reason in found) == 30


def test_every_row_that_differs_in_the_table_is_found(history: Layout) -> None:
    lines = history.processed_table.read_bytes().splitlines(keepends=True)
    changed = lines[6].replace(b",", b",1", 1)
    foreign = lines[1].replace(b"2018", b"2017", 1)
    history.processed_table.write_bytes(b"".join([*lines[:6], changed, *lines[8:], foreign]))
    assert verify(history) == [
        ("processed.csv:7", "value 2 isn't what the raw log gives"),
        ("processed.csv:31", "the raw log gives no such row"),
        ("processed.csv", "it lacks the row of 2018-02-05T20:00:00Z"),
    ]


def test_a_table_out_of_order_or_without_its_last_line_end_is_found(history: Layout) -> None:
    content = history.processed_table.read_bytes()
    header, *lines = content.splitlines(keepends=True)
    history.processed_table.write_bytes(header + b"".join(lines[::-1]))
    assert verify(history) == [("processed.csv", "its rows aren't sorted by time")]
    history.processed_table.write_bytes(content[:-1])
    assert verify(history) == [("processed.csv:31", "its last line has no end")]


def test_a_table_of_other_windows_or_none_is_found(history: Layout) -> None:
    other = (Window("2h", 2 * HOUR),)
    reason = "it was made for other windows, or by another version"
    assert verify(history, other) == [("processed.csv:1", reason)]
    history.processed_table.unlink()
    assert verify(history) == [("processed.csv", "it is missing")]


def test_a_row_of_the_log_that_cant_be_read_is_found(history: Layout) -> None:
    _change(history.raw_log, b"Z,bitcoin,usd,7037,", b"Z,bitcoin,usd,x,")
    assert verify(history) == [
        ("raw.csv:3", "the row isn't the archived one"),
        ("raw.csv:3", "price is 'x', not a number"),
    ]

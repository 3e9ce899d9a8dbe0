import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline_lib.errors import (
    ManifestDamagedError,
    SnapshotDamagedError,
    SnapshotMissingError,
    UnarchivedRowsError,
)
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.replay import Replayed
from pipeline_lib.steps.replay import replay as replay_archive
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.raw_rows import encode_row
from tests.steps.derived.world import START, WINDOWS, Runs, files

UNCHANGED = Replayed(30, recorded=0, dropped=0, log_changed=False, table_changed=False)
HOUR = timedelta(hours=1)


def replay(layout: Layout, *, drop_unarchived: bool = False) -> Replayed:
    return replay_archive(layout, WINDOWS, lambda _done, _all: None, drop_unarchived=drop_unarchived)


def _unarchived(layout: Layout) -> bytes:
    row = raw_log.read(layout.raw_log)[0]
    return encode_row(replace(row, moment=START - HOUR)).encode()


def test_files_that_are_as_the_archive_says_are_left_untouched(history: Layout) -> None:
    def written(path: Path) -> tuple[int, int]:
        return path.stat().st_ino, path.stat().st_mtime_ns

    before = {path: written(path) for path in (history.raw_log, history.processed_table)}
    assert replay(history) == UNCHANGED
    assert {path: written(path) for path in before} == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")),
        lambda path: path.write_bytes(path.read_bytes().replace(b",7", b",8")),
        lambda path: path.write_bytes(b"".join(sorted(path.read_bytes().splitlines(keepends=True))[::-1])),
        lambda path: os.truncate(path, 1000),
    ],
    ids=["lost", "emptied", "CRLF", "changed", "reordered", "cut"],
)
@pytest.mark.parametrize("name", ["raw_log", "processed_table"])
def test_a_spoilt_file_comes_back_to_the_byte(
    history: Layout, name: str, spoil: Callable[[Path], object], runs: Runs
) -> None:
    before = files(history)
    spoil(getattr(history, name))
    replayed = replay(history)
    assert (replayed.rows, replayed.recorded, replayed.dropped) == (30, 0, 0)
    assert replayed.log_changed == (name == "raw_log")
    assert files(history) == before
    runs.run(30)
    assert replay(history) == replace(UNCHANGED, rows=31)


def test_a_row_without_a_snapshot_is_never_lost_silently(history: Layout) -> None:
    content = history.raw_log.read_bytes() + _unarchived(history) + b"not even a row\n"
    history.raw_log.write_bytes(content)
    before = files(history)
    with pytest.raises(UnarchivedRowsError) as caught:
        replay(history)
    assert caught.value.lines == (32, 33)
    assert str(caught.value) == (
        f"{history.raw_log}:32: 2 rows without a snapshot in the archive"
        " (copy them elsewhere, then use --drop-unarchived)"
    )
    assert files(history) == before
    replayed = replay(history, drop_unarchived=True)
    assert (replayed.rows, replayed.dropped, replayed.log_changed) == (30, 2, True)
    assert history.raw_log.read_bytes() == content[: content.index(_unarchived(history))]


def test_a_snapshot_that_no_manifest_lists_is_recorded(history: Layout, runs: Runs) -> None:
    runs.archive(40)
    runs.archive(-5)
    history.snapshot_csv(START + 40 * HOUR).unlink()
    replayed = replay(history)
    assert replayed == replace(UNCHANGED, rows=32, recorded=2, log_changed=True, table_changed=True)
    moments = [row.moment for row in raw_log.read(history.raw_log)]
    assert moments[-2:] == [START - 5 * HOUR, START + 40 * HOUR]
    assert replay(history) == replace(UNCHANGED, rows=32)


def test_an_archive_without_manifests_gets_them_by_time(history: Layout, runs: Runs) -> None:
    for path in history.manifests.iterdir():
        path.unlink()
    assert replay(history).recorded == 30
    assert [row.moment for row in raw_log.read(history.raw_log)] == [START + n * HOUR for n in range(30)]
    runs.run(30)
    assert replay(history) == replace(UNCHANGED, rows=31)


def test_nothing_is_made_of_nothing(layout: Layout) -> None:
    assert replay(layout) == replace(UNCHANGED, rows=0)
    assert files(layout) == {}


@pytest.mark.parametrize("name", ["json", "manifest"])
@pytest.mark.parametrize("change", ["missing", "changed"])
def test_a_damaged_archive_leaves_log_and_table(history: Layout, name: str, change: str) -> None:
    path = history.snapshot_json(START) if name == "json" else history.manifests / "2018-02-05.sha256"
    content = path.read_bytes()
    path.unlink()
    if change == "changed":
        path.write_bytes(content.replace(b"7", b"8"))
    before = files(history)
    error = {
        ("json", "missing"): SnapshotMissingError,
        ("json", "changed"): SnapshotDamagedError,
    }.get((name, change), ManifestDamagedError)
    with pytest.raises(error) as caught:
        replay(history)
    assert getattr(caught.value, "path", None) == path
    assert files(history) == before


def test_what_comes_while_the_archive_is_read_is_in_the_log_too(history: Layout, runs: Runs) -> None:
    def progress(done: int, _all: int) -> None:
        if done == 10:
            runs.run(30)

    table = history.processed_table.read_bytes()
    history.raw_log.write_bytes(history.raw_log.read_bytes().replace(b"7000", b"7001", 1))
    replayed = replay_archive(history, WINDOWS, progress, drop_unarchived=False)
    assert (replayed.rows, replayed.log_changed) == (31, True)
    assert [row.price for row in raw_log.read(history.raw_log)][::30] == [7000, 7010]
    assert history.processed_table.read_bytes().startswith(table)


@pytest.mark.parametrize("killed_at", range(1, 3))
def test_a_replay_that_was_killed_is_finished_by_the_next(
    history: Layout, runs: Runs, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    before = files(history)
    history.raw_log.write_bytes(history.raw_log.read_bytes().replace(b"7000", b"7001", 1))
    spoilt, really_replace = files(history), Path.replace
    renames = iter(range(1, 9))

    def rename(self: Path, target: Path) -> Path:
        if next(renames) == killed_at:
            raise KeyboardInterrupt
        return really_replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", rename)
        with pytest.raises(KeyboardInterrupt):
            replay(history)
    assert files(history) in (spoilt, before)
    replay(history)
    assert files(history) == before
    runs.run(30)
    assert replay(history) == replace(UNCHANGED, rows=31)

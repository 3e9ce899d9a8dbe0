"""A disk that fills at any write of a replay or an export: nothing is torn, and with room it is finished."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine import connections
from pipeline_lib.database.engine.address import sqlite_path, to_url
from pipeline_lib.steps.exports import append_files, rewrite_files
from pipeline_lib.steps.fetching.record import record
from pipeline_lib.steps.replay import adopt_archive
from pipeline_lib.steps.run import Run
from tests.crashes.fault_points import WRAPPED, FaultPoints
from tests.steps.derived.conftest import HOURS
from tests.steps.derived.test_replay import is_unchanged, lose_rows
from tests.steps.derived.world import HOUR, START, Runs

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")

_NEED_ROOM = ("open", "write", "pwrite", "fsync", "link", "rename", "replace", "mkdir")
_MANY_HOURS = 60


@dataclass
class FullDisk(FaultPoints):
    """From one call on that needs room, there is none."""

    def pass_point(self, name: str, place: str, tear: Callable[[], object] | None = None) -> None:
        if name not in _NEED_ROOM:
            return
        self.passed.append((name, place))
        if not self.kill_at or len(self.passed) < self.kill_at:
            return
        if len(self.passed) == self.kill_at and self.is_torn and tear:
            tear()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), place)


@contextmanager
def full(disk: FullDisk) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in WRAPPED:
            patched.setattr(os, name, getattr(os, name))
        disk.wrap_files()
        yield


@pytest.fixture
def history(open_runs: Callable[[Secret], Runs], sqlite_address: Secret) -> Runs:
    """What eleven hours left, of which the files lack the last one."""
    runs = open_runs(sqlite_address)
    for hour in HOURS[:-1]:
        runs.run(hour)
    last = HOURS[-1]
    record(runs.spec, Run(START + last * HOUR), runs.services, runs.archive(last))
    return runs


def _replay_into_nothing(runs: Runs) -> None:
    lose_rows(runs)
    runs.replay()


def _append(runs: Runs) -> None:
    assert all(each.exported for each in append_files(runs.spec, runs.services))


def _rewrite(runs: Runs) -> None:
    assert all(each.exported for each in rewrite_files(runs.spec, runs.services))


def _keep(_: Runs) -> None:
    """The files as they are: a line is appended to each."""


def _lose_derived_files(runs: Runs) -> None:
    """Both tables with their notes, the closed manifests, and the CSV of a snapshot that none lists."""
    _lose_tables(runs)
    for path in runs.layout.manifests.glob("*.sha256"):
        path.unlink()
    runs.layout.snapshot_csv(START + HOURS[-1] * HOUR).unlink()


def _lose_tables(runs: Runs) -> None:
    folder = runs.services.settings.data_dir
    for path in (*folder.glob("*.csv"), *folder.glob(".*.progress")):
        path.unlink()


def _edit_files(runs: Runs) -> None:
    for path in (runs.layout.raw_log, runs.layout.processed_table):
        path.write_bytes(path.read_bytes() + b"edited\n")


@pytest.mark.parametrize(
    ("prepare", "work"),
    [(_lose_derived_files, _replay_into_nothing), (_keep, _append), (_edit_files, _rewrite)],
)
def test_a_disk_that_is_full_at_any_write_leaves_nothing_torn(
    history: Runs, tmp_path: Path, prepare: Callable[[Runs], None], work: Callable[[Runs], None]
) -> None:
    data, saved = history.services.settings.data_dir, tmp_path / "saved"
    prepare(history)
    shutil.copytree(data, saved)
    before = history.files()
    unharmed = FullDisk(data)
    with full(unharmed):
        work(history)
    expected = history.files()
    for fill_at, is_torn in _places(unharmed.passed):
        where = f"full at point {fill_at} {unharmed.passed[fill_at - 1]}{' torn' * is_torn}"
        shutil.rmtree(data)
        shutil.copytree(saved, data)
        with full(FullDisk(data, fill_at, is_torn)), pytest.raises(OSError, match="No space left"):
            work(history)
        for path, content in history.files().items():
            assert content in (before.get(path), expected.get(path)), (where, path)
        assert not list(data.rglob("*.tmp")), where
        work(history)
        assert history.files() == expected, where
    assert is_unchanged(history.replay())


def _places(points: Sequence[tuple[str, str]]) -> list[tuple[int, bool]]:
    assert points
    numbered = list(enumerate(points, start=1))
    torn = [(number, True) for number, (name, _) in numbered if name in ("write", "pwrite")]
    return [(number, False) for number, _ in numbered] + torn


def test_a_database_whose_disk_is_full_at_any_page_holds_all_of_a_replay_or_nothing(
    open_runs: Callable[[Secret], Runs], sqlite_address: Secret, tmp_path: Path
) -> None:
    runs, path = open_runs(sqlite_address), sqlite_path(to_url(sqlite_address))
    assert path
    for hour in range(_MANY_HOURS):
        runs.archive(hour)
    adopt_archive(runs.spec, runs.services)
    runs.services.database.close()
    with closing(sqlite3.connect(path)) as connection:
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
    empty = path.read_bytes()
    runs.replay()
    rows, files = runs.rows(), runs.files()
    counts: list[tuple[int, ...] | None] = []
    while not counts or counts[-1] is not None:
        address = Secret(f"sqlite:///{tmp_path / str(len(counts))}.db")
        (tmp_path / f"{len(counts)}.db").write_bytes(empty)
        _lose_tables(runs)
        counts.append(_count_after_a_full_disk(open_runs(address), pages + len(counts)))
        again = open_runs(address)
        again.replay()
        assert (again.rows(), again.files()) == (rows, files)
    assert set(counts) == {(0, 0, 0), (_MANY_HOURS, _MANY_HOURS, 0), None}


def _count_after_a_full_disk(runs: Runs, pages: int) -> tuple[int, ...] | None:
    """How many arrivals, observations and statistics a replay leaves that may use so many pages.

    None when they are enough.
    """
    prepare = connections._prepare_sqlite

    def limited(connection: sqlite3.Connection, record: object) -> None:
        prepare(connection, record)
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connections, "_prepare_sqlite", limited)
        try:
            runs.replay()
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 (with enough pages there is none)
        else:
            return None
    found = runs.rows()
    return tuple(len(found[name]) for name in ("arrivals", "observations", "price_moves"))

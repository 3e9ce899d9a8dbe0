"""A file is to the byte what one made anew would be, whatever way led there."""

import errno
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.errors import ForeignFileError
from pipeline_lib.publishing.csv import export, progress
from pipeline_lib.publishing.csv.export import Exported
from pipeline_lib.specs import Window
from tests.fixtures.arrivals import arrive, observation
from tests.fixtures.files import touched
from tests.publishing.csv.files import WINDOWS, Files

KINDS = ("raw", "processed")
RAW_HEADER = (
    b"timestamp,coin,vs_currency,price,change_1h_percent,change_24h_percent,"
    b"market_cap,total_volume,last_updated\n"
)


def test_the_raw_log_has_a_row_an_observation_in_the_order_of_arrival(
    database: Database, tmp_path: Path
) -> None:
    files = Files(database, tmp_path)
    files.arrive(1, 0)
    assert files.append("raw") == Exported(2, changed=True)
    assert files.raw.read_bytes() == RAW_HEADER + (
        b"2018-02-05T15:00:00Z,bitcoin,usd,7037.50,,,1,,2018-02-05T15:00:00Z\n"
        b"2018-02-05T14:00:00Z,bitcoin,usd,7000.50,,,1,,2018-02-05T14:00:00Z\n"
    )


def test_the_processed_table_has_a_row_a_moment_by_time(database: Database, tmp_path: Path) -> None:
    files, windows = Files(database, tmp_path), [Window("3_rows", 3)]
    arrive(database, observation(1, "7037.50"), observation(0, "7000.50"))
    files.compute(windows)
    assert files.append("processed", windows) == Exported(2, changed=True)
    assert files.processed.read_bytes() == (
        b"timestamp,price,change_1h_percent,change_24h_percent,log_return,"
        b"mean_3_rows,std_3_rows,count_3_rows,z_score_3_rows\n"
        b"2018-02-05T14:00:00Z,7000.50,,,,7000.5,,1,\n"
        b"2018-02-05T15:00:00Z,7037.50,0.5285336762,,0.00527141838996583,7019.0,26.16295090390226,2,\n"
    )


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=5), min_size=1, max_size=6))
def test_any_order_and_grouping_give_the_bytes_of_a_file_made_anew(
    migrated_sqlite: Path, groups: list[list[int]]
) -> None:
    with TemporaryDirectory() as folder:
        files = _files_in(Path(folder), migrated_sqlite)
        for group in groups:
            arrive(files.database, *(observation(hour / 2) for hour in group))
            files.compute()
            for kind in KINDS:
                files.append(kind)
                assert files.path(kind).read_bytes() == files.whole(kind)
        files.database.close()


def test_postgresql_gives_the_bytes_that_sqlite_gives(
    database: Database, tmp_path: Path, migrated_sqlite: Path
) -> None:
    files, other = Files(database, tmp_path), _files_in(tmp_path, migrated_sqlite)
    for each in (files, other):
        each.arrive(*range(0, 50, 2), 7, 3.5)
    assert [files.whole(kind) for kind in KINDS] == [other.whole(kind) for kind in KINDS]
    other.database.close()


def test_a_second_time_changes_nothing(files: Files, kind: str) -> None:
    files.arrive(0, 1)
    files.append(kind)
    before = touched(files.path(kind))
    assert files.append(kind) == Exported(2, changed=False)
    assert touched(files.path(kind)) == before


def test_without_rows_there_is_no_file(files: Files) -> None:
    assert export.append(files.raw, files.table("raw"), files.database) == Exported(0, changed=False)
    assert not files.raw.exists()


def test_an_hour_is_appended_and_nothing_before_it_touched_or_read(
    files: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.arrive(*range(40))
    files.append(kind)
    before = touched(files.path(kind))
    files.arrive(40)

    def read_bytes(path: Path) -> bytes:
        raise AssertionError(path)

    with monkeypatch.context() as patched:
        really_read = Path.read_bytes
        patched.setattr(
            Path, "read_bytes", lambda path: really_read(path) if path.name[0] == "." else read_bytes(path)
        )
        assert files.append(kind) == Exported(41, changed=True)
    assert files.path(kind).stat().st_ino == before.inode
    assert files.path(kind).read_bytes() == files.whole(kind)


def test_a_late_row_goes_to_the_end_of_the_raw_log(files: Files) -> None:
    files.arrive(0, 1, 3)
    files.append("raw")
    before = files.raw.read_bytes()
    files.arrive(2)
    files.append("raw")
    assert files.raw.read_bytes().startswith(before)
    assert files.raw.read_bytes() == files.whole("raw")


def test_a_late_row_replaces_the_processed_table_from_its_place_on(files: Files) -> None:
    files.arrive(*range(20), *range(21, 60))
    files.append("processed")
    first_lines = files.processed.read_bytes().splitlines()[:21]
    files.arrive(20)
    assert files.append("processed") == Exported(60, changed=True)
    assert files.processed.read_bytes() == files.whole("processed")
    assert files.processed.read_bytes().splitlines()[:21] == first_lines


def test_other_windows_make_the_processed_table_anew(files: Files) -> None:
    files.arrive(*range(30))
    files.append("processed")
    windows = WINDOWS[1:]
    files.compute(windows)
    assert files.append("processed", windows) == Exported(30, changed=True)
    assert files.processed.read_bytes() == files.whole("processed", windows)


def test_a_lost_file_is_made(files: Files, kind: str) -> None:
    files.arrive(0, 1)
    files.append(kind)
    files.path(kind).unlink()
    files.arrive(2)
    assert files.append(kind) == Exported(3, changed=True)
    assert files.path(kind).read_bytes() == files.whole(kind)


@pytest.mark.parametrize("note", [None, b"", b'{"written": 1', b"[]", b'{"written": {"size": 1}}'])
@pytest.mark.parametrize("hours", [(), (2,), (-1,)])
def test_a_file_without_a_readable_note_goes_on_where_it_holds_what_the_database_gives(
    files: Files, note: bytes | None, hours: tuple[int, ...]
) -> None:
    files.arrive(0, 1)
    files.append("raw")
    note_path = files.folder / ".bitcoin_raw.csv.progress"
    note_path.unlink()
    if note is not None:
        note_path.write_bytes(note)
    files.arrive(*hours)
    assert files.append("raw").rows == 2 + len(hours)
    assert files.raw.read_bytes() == files.whole("raw")


def test_a_file_that_was_only_touched_goes_on(files: Files, kind: str) -> None:
    files.arrive(0, 1)
    files.append(kind)
    os.utime(files.path(kind), (1, 1))
    files.arrive(2)
    assert files.append(kind) == Exported(3, changed=True)
    assert files.path(kind).read_bytes() == files.whole(kind)


@pytest.mark.parametrize("content", [b"", RAW_HEADER[:20], RAW_HEADER, RAW_HEADER + b"2018-02-05T14:"])
def test_a_first_file_that_a_killed_process_left_half_written_is_completed(
    files: Files, content: bytes
) -> None:
    files.arrive(0, 1)
    files.raw.write_bytes(content)
    assert files.append("raw") == Exported(2, changed=True)
    assert files.raw.read_bytes() == files.whole("raw")


@pytest.mark.parametrize("room", [0, 1, 30, 10_000])
@pytest.mark.parametrize("later", [(), (4,), (1.5,), (-1, 4)], ids=["none", "next", "late", "both"])
def test_a_process_killed_while_it_appends_leaves_what_the_next_one_completes(
    files: Files, kind: str, room: int, later: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    files.arrive(0, 1)
    files.append(kind)
    files.arrive(2, 3)

    def killed(descriptor: int, end: int, content: bytes) -> None:
        os.pwrite(descriptor, content[:room], end)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(export, "write_at", killed)
        with pytest.raises(KeyboardInterrupt):
            files.append(kind)
    files.arrive(*later)
    assert files.append(kind).rows == 4 + len(later)
    assert files.path(kind).read_bytes() == files.whole(kind)
    assert not files.append(kind).changed


def test_zeros_that_a_power_cut_left_in_the_place_of_an_append_are_cut_off(
    files: Files, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.arrive(0, 1)
    files.append(kind)
    files.arrive(2)

    def cut(descriptor: int, end: int, content: bytes) -> None:
        os.pwrite(descriptor, bytes(len(content)), end)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(export, "write_at", cut)
        with pytest.raises(KeyboardInterrupt):
            files.append(kind)
    files.append(kind)
    assert files.path(kind).read_bytes() == files.whole(kind)


@pytest.mark.parametrize("killed_at", [1, 2])
@pytest.mark.parametrize("later", [(), (4,), (0.25,)], ids=["none", "next", "late"])
def test_a_process_killed_beside_a_replacement_is_made_up_for(
    files: Files, killed_at: int, later: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    files.arrive(0, 1, 3)
    files.append("processed")
    files.arrive(0.5)
    written, really_write = [0], progress.write

    def killed(path: Path, note: progress.Progress) -> None:
        written[0] += 1
        if written[0] == killed_at:
            raise KeyboardInterrupt
        really_write(path, note)

    with monkeypatch.context() as patched:
        patched.setattr(progress, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            files.append("processed")
    files.arrive(*later)
    assert files.append("processed").rows == 4 + len(later)
    assert files.processed.read_bytes() == files.whole("processed")


@pytest.mark.parametrize("room", [0, 30, 150])
def test_a_full_disk_leaves_the_file_as_it_was(
    files: Files, kind: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.arrive(*range(30))
    files.append(kind)
    before, really_write, left = files.path(kind).read_bytes(), os.write, [room]
    files.arrive(30, 31, 32)

    def write(descriptor: int, content: bytes) -> int:
        if b"bitcoin" not in bytes(content) and b"," not in bytes(content)[:25]:
            return really_write(descriptor, content)
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = really_write(descriptor, content[: left[0]])
        left[0] -= written
        return written

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            files.append(kind)
    assert files.path(kind).read_bytes() == before
    files.append(kind)
    assert files.path(kind).read_bytes() == files.whole(kind)


def test_a_file_of_ours_of_other_arrivals_is_replaced(files: Files, kind: str, migrated_sqlite: Path) -> None:
    files.arrive(0, 1, 2)
    files.append(kind)
    other = _with_other_database(files, migrated_sqlite)
    other.arrive(2, 1, 0, 5)
    assert other.append(kind) == Exported(4, changed=True)
    assert other.path(kind).read_bytes() == other.whole(kind)
    other.database.close()


def test_a_file_of_more_rows_than_the_database_has_is_left_alone(
    files: Files, kind: str, migrated_sqlite: Path
) -> None:
    files.arrive(0, 1, 2)
    files.append(kind)
    before = files.path(kind).read_bytes()
    other = _with_other_database(files, migrated_sqlite)
    other.arrive(3)
    with pytest.raises(ForeignFileError, match="it holds 3 rows and the database 1") as caught:
        other.append(kind)
    assert caught.value.hint == "coin-pipelines replay bitcoin fills the database from the archive"
    assert files.path(kind).read_bytes() == before
    other.database.close()


def test_a_rewrite_replaces_whatever_is_there(files: Files, kind: str) -> None:
    files.arrive(0, 1)
    files.path(kind).write_bytes(b"something else\r\n")
    assert export.rewrite(files.path(kind), files.table(kind), files.database) == Exported(2, changed=True)
    assert files.path(kind).read_bytes() == files.whole(kind)
    assert files.append(kind) == Exported(2, changed=False)


def _files_in(folder: Path, migrated_sqlite: Path) -> Files:
    from pipeline_lib.common.secret import Secret  # noqa: PLC0415

    path = folder / "another.db"
    shutil.copyfile(migrated_sqlite, path)
    return Files(Database(Secret(f"sqlite:///{path}")), folder)


def _with_other_database(files: Files, migrated_sqlite: Path) -> Files:
    return _files_in(files.folder, migrated_sqlite)

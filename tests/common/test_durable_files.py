import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from pipeline_lib.common.durable_files import remove_leftovers, replace, write_all, write_once
from tests.fixtures.files import touched

Write = Callable[[Path, bytes], object]
BOTH = pytest.mark.parametrize("write", [write_once, replace])


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes three bytes more."""
    really_write, left = os.write, [3]

    def write(descriptor: int, content: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = really_write(descriptor, content[: left[0]])
        left[0] -= written
        return written

    monkeypatch.setattr(os, "write", write)


@pytest.mark.parametrize("content", [b"", b"a\r\n\x00\xff", b"x" * 3_000_000])
@BOTH
def test_a_new_file_holds_every_byte(tmp_path: Path, write: Write, content: bytes) -> None:
    path = tmp_path / "some" / "new" / "folders" / "file.json"
    write(path, content)
    assert path.read_bytes() == content
    assert _names(path.parent) == ["file.json"]


def test_what_is_written_once_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    assert write_once(path, b"first")
    before = touched(path)
    assert not write_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert touched(path) == before
    assert _names(tmp_path) == ["file.json"]


def test_not_even_a_dangling_link_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.symlink_to(tmp_path / "elsewhere")
    assert not write_once(path, b"content")
    assert path.is_symlink()
    assert _names(tmp_path) == ["file.json"]


def test_what_is_written_once_can_only_be_read(tmp_path: Path) -> None:
    write_once(tmp_path / "file.json", b"")
    assert stat.S_IMODE((tmp_path / "file.json").stat().st_mode) == 0o444


def test_what_can_be_replaced_can_be_written_by_its_owner(tmp_path: Path) -> None:
    replace(tmp_path / "table.csv", b"")
    assert stat.S_IMODE((tmp_path / "table.csv").stat().st_mode) == 0o644


def test_who_reads_while_a_file_is_replaced_sees_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    replace(path, b"old content")
    with path.open("rb") as reader:
        replace(path, b"new")
        assert reader.read() == b"old content"
    assert path.read_bytes() == b"new"
    assert _names(tmp_path) == ["table.csv"]


def test_of_racing_writers_one_wins_with_its_whole_content(tmp_path: Path) -> None:
    path, barrier = tmp_path / "file.json", Barrier(16)

    def write(number: int) -> bool:
        content = bytes([number]) * 500_000
        barrier.wait()
        return write_once(path, content)

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(write, range(16)))
    assert results.count(True) == 1
    assert path.read_bytes() == bytes([results.index(True)]) * 500_000
    assert _names(tmp_path) == ["file.json"]


def test_racing_replacements_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    contents = [bytes([number]) * 500_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: replace(path, content), contents))
    assert path.read_bytes() in contents
    assert _names(tmp_path) == ["table.csv"]


@pytest.mark.usefixtures("full_disk")
@BOTH
def test_a_full_disk_leaves_no_new_file(tmp_path: Path, write: Write) -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        write(tmp_path / "file.json", b"content")
    assert caught.value.errno == errno.ENOSPC
    assert _names(tmp_path) == []


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "table.csv"
    replace(path, b"old content")
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match="No space left"):
        replace(path, b"new content")
    assert path.read_bytes() == b"old content"
    assert _names(tmp_path) == ["table.csv"]


def test_every_byte_is_written_when_each_write_takes_only_a_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: really_write(descriptor, content[:3]))
    with (tmp_path / "file").open("wb") as file:
        write_all(file.fileno(), b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
@BOTH
def test_a_read_only_folder_refuses_the_file(tmp_path: Path, write: Write) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PermissionError):
            write(tmp_path / "file.json", b"content")
        assert _names(tmp_path) == []
    finally:
        tmp_path.chmod(0o755)


def _leave(folder: Path, name: str, hours: float) -> Path:
    """A file that hasn't changed for so many hours."""
    path = folder / name
    path.write_bytes(b"half")
    changed = path.stat().st_mtime - hours * 3600
    os.utime(path, (changed, changed))
    return path


TEMPORARY = ".a.json.0123456789abcdef.tmp"


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    _leave(tmp_path, TEMPORARY, 24.1)
    _leave(tmp_path, ".b.json.0123456789abcdef.tmp", 23.9)
    assert remove_leftovers(tmp_path, datetime.now(UTC)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [".b.json.0123456789abcdef.tmp"]


def test_a_fast_clock_removes_nothing_of_the_last_day(tmp_path: Path) -> None:
    _leave(tmp_path, TEMPORARY, 1)
    assert remove_leftovers(tmp_path, datetime.now(UTC) + timedelta(days=1000)) == 0


def test_a_slow_clock_removes_less(tmp_path: Path) -> None:
    _leave(tmp_path, TEMPORARY, 48)
    assert remove_leftovers(tmp_path, datetime.now(UTC) - timedelta(days=1000)) == 0
    assert remove_leftovers(tmp_path, datetime.now(UTC)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "a.json",
        ".a.json.lock",
        ".a.csv.progress",
        "a.json.0123456789abcdef.tmp",
        ".a.json.tmp",
        ".0123456789abcdef.tmp",
        ".a.json.xyz.tmp",
        ".a.json.0123456789abcdef.tmp.gz",
    ],
)
def test_nothing_else_is_removed_however_old(tmp_path: Path, name: str) -> None:
    _leave(tmp_path, name, 1000)
    assert remove_leftovers(tmp_path, datetime.now(UTC)) == 0


def test_neither_links_nor_folders_are_removed(tmp_path: Path) -> None:
    target = _leave(tmp_path, "kept", 1000)
    (tmp_path / TEMPORARY).symlink_to(target)
    (tmp_path / ".b.json.0123456789abcdef.tmp").mkdir()
    os.utime(tmp_path / ".b.json.0123456789abcdef.tmp", (0, 0))
    assert remove_leftovers(tmp_path, datetime.now(UTC)) == 0
    assert target.exists()


def test_of_a_shared_folder_only_ones_own_files_are_removed(tmp_path: Path) -> None:
    for name in ("a.csv", ".a.csv.progress", "b.csv"):
        _leave(tmp_path, f".{name}.0123456789abcdef.tmp", 48)
    assert remove_leftovers(tmp_path, datetime.now(UTC), ("a.csv", ".a.csv.progress")) == 2
    assert [path.name for path in tmp_path.iterdir()] == [".b.csv.0123456789abcdef.tmp"]


def test_a_folder_that_isnt_there_has_nothing_left(tmp_path: Path) -> None:
    assert remove_leftovers(tmp_path / "none", datetime.now(UTC)) == 0


def test_writers_and_those_who_clean_up_are_in_nobodys_way(tmp_path: Path) -> None:
    for number in range(50):
        _leave(tmp_path, f".{number}.json.0123456789abcdef.tmp", 48)

    def write(number: int) -> bool:
        return write_once(tmp_path / f"{number}.json", b"content" * 1000)

    def clean(_number: int) -> int:
        return remove_leftovers(tmp_path, datetime.now(UTC) + timedelta(days=1000))

    with ThreadPoolExecutor(8) as pool:
        cleaned = [pool.submit(clean, number) for number in range(50)]
        written = [pool.submit(write, number) for number in range(200)]
        assert all(each.result() for each in written)
        assert sum(each.result() for each in cleaned) == 50
    assert {path.name for path in tmp_path.iterdir()} == {f"{number}.json" for number in range(200)}

import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from pipeline_lib.common.durable_files import replace, write_all, write_once

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
    before = path.stat()
    assert not write_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert path.stat() == before
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

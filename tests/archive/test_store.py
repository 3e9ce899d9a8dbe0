import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.archive.store import Archive, FolderArchive
from tests.archive.memory import MemoryArchive

NOW = datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.fixture(params=["folder", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return FolderArchive(tmp_path / "archive") if request.param == "folder" else MemoryArchive()


def test_a_name_is_taken_once(archive: Archive) -> None:
    assert archive.create("a.json", b"first")
    assert not archive.create("a.json", b"second")
    assert archive.read("a.json", 100) == b"first"


def test_what_was_never_written_is_not_there(archive: Archive) -> None:
    assert (archive.read("a.json", 100), archive.exists("a.json"), list(archive.names())) == (None, False, [])


def test_no_more_is_read_than_was_asked_for(archive: Archive) -> None:
    archive.create("a.json", b"12345")
    assert [archive.read("a.json", length) for length in (3, 5, 6)] == [b"123", b"12345", b"12345"]


def test_names_are_those_that_were_written(archive: Archive) -> None:
    for name in ("b.csv", "a.json", "keeper"):
        archive.create(name, b"")
    assert sorted(archive.names()) == ["a.json", "b.csv", "keeper"]
    assert archive.exists("b.csv")


def test_a_folder_gives_paths(tmp_path: Path) -> None:
    assert FolderArchive(tmp_path).location("a.json") == tmp_path / "a.json"
    assert FolderArchive(tmp_path).location("") == tmp_path


def test_leftovers_are_no_names_and_go_after_a_day(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    archive.create("a.json", b"kept")
    for name, age in ((".a.json.12.tmp", 25), (".b.json.34.tmp", 23), (".c.lock", 99), ("d.tmp", 99)):
        (tmp_path / name).write_bytes(b"")
        changed = (NOW - timedelta(hours=age)).timestamp()
        os.utime(tmp_path / name, (changed, changed))
    assert sorted(archive.names()) == ["a.json", "d.tmp"]
    assert archive.remove_leftovers(NOW - timedelta(days=1)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".b.json.34.tmp",
        ".c.lock",
        "a.json",
        "d.tmp",
    ]


def test_a_folder_that_isnt_there_has_no_leftovers(tmp_path: Path) -> None:
    assert FolderArchive(tmp_path / "archive").remove_leftovers(NOW) == 0

import os
from pathlib import Path

import pytest

from pipeline_lib.specs.reading.files import SpecFiles, find_spec_files, find_specs_named, join_files


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found_in(folder: Path) -> list[str]:
    files = find_spec_files(folder, folder)
    assert files.diagnostics == ()
    return [str(path.relative_to(folder)) for path in files.specs]


def test_every_depth_is_read_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "b.yaml", "a/c/d.yaml", "a/b.yaml", "a.yaml", "_defaults.yaml", "README.md", "b.csv")
    assert found_in(tmp_path) == ["a/b.yaml", "a/c/d.yaml", "a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    "name",
    [
        ".#bitcoin.yaml",
        "._bitcoin.yaml",
        ".pre-commit-config.yaml",
        ".bitcoin.yml",
        ".github/workflows/ci.yml",
        ".idea/x.yaml",
        "majors/.hidden/x.yaml",
        "..data/bitcoin.yaml",
    ],
)
def test_what_begins_with_a_dot_is_no_spec_and_no_mistake(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name, "bitcoin.yaml")
    assert found_in(tmp_path) == ["bitcoin.yaml"]


def test_a_lock_of_an_editor_is_no_spec(tmp_path: Path) -> None:
    touch(tmp_path, "bitcoin.yaml")
    (tmp_path / ".#bitcoin.yaml").symlink_to("somebody@machine.4711:1700000000")
    assert found_in(tmp_path) == ["bitcoin.yaml"]


def test_a_mounted_config_map_holds_each_spec_once(tmp_path: Path) -> None:
    touch(tmp_path, "..2026_11_28/bitcoin.yaml")
    (tmp_path / "..data").symlink_to("..2026_11_28")
    (tmp_path / "bitcoin.yaml").symlink_to("..data/bitcoin.yaml")
    assert found_in(tmp_path) == ["bitcoin.yaml"]


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path, "specs/a.yaml", "elsewhere/b.yaml")
    (tmp_path / "specs" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "specs" / "again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "specs")
    assert found_in(tmp_path / "specs") == ["a.yaml", "again/b.yaml"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert find_spec_files(tmp_path / "gone", tmp_path).specs == ()
    assert find_specs_named("bitcoin", tmp_path / "gone") == ()


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "closed/a.yaml", "open/b.yaml")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    files = find_spec_files(tmp_path, tmp_path)
    assert files.specs == (tmp_path / "open" / "b.yaml",)
    assert [str(each) for each in files.diagnostics] == [
        f"{tmp_path}/closed:1:1: the folder can't be read: Permission denied"
    ]


def test_a_name_is_found_at_every_depth_and_in_files_alone(tmp_path: Path) -> None:
    touch(tmp_path, "a/bitcoin.yaml", "bitcoin.yml", ".b/bitcoin.yaml", "xbitcoin.yaml", "c/bitcoin.yaml")
    (tmp_path / "d" / "bitcoin.yaml").mkdir(parents=True)
    assert find_specs_named("bitcoin", tmp_path) == (
        tmp_path / "a" / "bitcoin.yaml",
        tmp_path / "c" / "bitcoin.yaml",
    )


def test_files_that_are_found_twice_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "a.yaml", "b.yaml", "c.yml")
    relative = find_spec_files(Path(), Path())
    joined = join_files([find_spec_files(tmp_path, tmp_path), relative, SpecFiles((Path("a.yaml"),), ())])
    assert [path.absolute() for path in joined.specs] == [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    assert len(joined.diagnostics) == 1

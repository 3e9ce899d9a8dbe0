"""What counts as a change of a folder of specs."""

import os
from pathlib import Path

import pytest

from pipeline_lib.specs.folder_state import folder_state


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    folder = tmp_path / "dag_configs"
    (folder / "below").mkdir(parents=True)
    (folder / "one.yaml").write_text("coin: one\n")
    return folder


def test_an_edit_a_new_file_and_a_deletion_are_changes(configs: Path) -> None:
    states = [folder_state(configs)]
    (configs / "one.yaml").write_text("coin: two, and longer\n")
    states.append(folder_state(configs))
    (configs / "below" / "_defaults.yaml").write_text("retries: 1\n")
    states.append(folder_state(configs))
    (configs / "one.yaml").unlink()
    states.append(folder_state(configs))
    assert len({*states}) == 4


def test_a_file_of_the_same_size_and_time_that_replaces_another_is_a_change(configs: Path) -> None:
    before, path = folder_state(configs), configs / "one.yaml"
    other = configs / "other"
    other.write_text("coin: two\n")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    os.utime(other, ns=times)
    other.rename(path)
    assert folder_state(configs) != before


def test_a_link_that_leads_elsewhere_is_a_change(configs: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).write_text("coin: one\n")
    link = configs / "linked.yaml"
    link.symlink_to(tmp_path / "first")
    before = folder_state(configs)
    link.unlink()
    link.symlink_to(tmp_path / "second")
    assert folder_state(configs) != before


def test_what_an_editor_leaves_is_no_change(configs: Path) -> None:
    before = folder_state(configs)
    for name in (".one.yaml.swp", ".#one.yaml", "one.yaml~", "notes.txt"):
        (configs / name).write_text("x")
    (configs / "broken.yaml").symlink_to(configs / "nowhere")
    assert folder_state(configs) == before


def test_a_folder_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert folder_state(tmp_path / "none") == frozenset()

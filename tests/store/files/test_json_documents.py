import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_lib.errors import StoreBusyError
from pipeline_lib.store.files import json_documents
from pipeline_lib.store.files.json_documents import change_document, read_document
from pipeline_lib.store.files.locking import exclusive

ADD_TWENTY = """
import sys
from pathlib import Path
from pipeline_lib.store.files.json_documents import change_document
for number in range(20):
    change_document(Path(sys.argv[1]), lambda before: [*(before or []), f"{sys.argv[2]}-{number}"])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "below" / "document.json"


def test_without_a_file_there_is_nothing(path: Path) -> None:
    assert read_document(path) is None


def test_a_change_sees_what_the_one_before_left(path: Path) -> None:
    seen: list[object] = []

    def change(before: object) -> object:
        seen.append(before)
        return {"changes": len(seen)}

    for _ in range(3):
        change_document(path, change)
    assert seen == [None, {"changes": 1}, {"changes": 2}]
    assert read_document(path) == {"changes": 3}


def test_what_is_no_json_is_told_and_can_be_replaced(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"torn')
    with pytest.raises(ValueError, match="Unterminated"):
        read_document(path)
    change_document(path, lambda before: [before])
    assert read_document(path) == [None]


def test_a_change_that_fails_changes_nothing(path: Path) -> None:
    change_document(path, lambda _: 1)
    with pytest.raises(ZeroDivisionError):
        change_document(path, lambda _: 1 // 0)
    assert read_document(path) == 1


def test_no_change_of_other_processes_is_lost(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", ADD_TWENTY, str(path), name]) for name in ("a", "b", "c")
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    document = read_document(path)
    assert isinstance(document, list)
    assert sorted(document) == sorted(f"{name}-{number}" for name in "abc" for number in range(20))


def test_a_file_that_another_holds_is_waited_for_and_then_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_documents, "_LONGEST_WAIT_SECONDS", 0.05)
    with exclusive(path), pytest.raises(StoreBusyError):
        change_document(path, lambda _: 1)
    assert read_document(path) is None

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.store.state.problem_files import (
    close_problem,
    has_problem,
    problem_path,
    read_problem,
    write_problem,
)

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
PROBLEM = OpenProblem(MOMENT, MOMENT + timedelta(hours=1), 2, {"OSError": MOMENT, "é": MOMENT})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return problem_path(tmp_path, "bitcoin", "upload_raw_to_s3")


def test_each_subject_of_a_pipeline_has_a_file(path: Path, tmp_path: Path) -> None:
    assert path == tmp_path / "ops_alerts" / "bitcoin" / "upload_raw_to_s3.json"


def test_what_is_written_is_read_until_it_is_closed(path: Path) -> None:
    assert not has_problem(path)
    assert read_problem(path) is None
    write_problem(path, PROBLEM)
    assert has_problem(path)
    assert read_problem(path) == PROBLEM
    close_problem(path)
    assert not has_problem(path)
    close_problem(path)


def test_the_record_is_text_that_people_can_read(path: Path) -> None:
    write_problem(path, OpenProblem(MOMENT, MOMENT, 1, {"OSError": MOMENT}))
    assert path.read_text(encoding="utf-8") == (
        '{\n "since": "2018-02-05T14:00:00Z",\n "last": "2018-02-05T14:00:00Z",\n "runs": 1,\n'
        ' "told": {\n  "OSError": "2018-02-05T14:00:00Z"\n }\n}\n'
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"{",
        b"[]",
        b"3",
        b"{}",
        b'{"since": 1, "last": 1, "runs": 1, "told": {}}',
        b'{"since": "2018-02-05T14:00:00Z", "last": "x", "runs": 1, "told": {}}',
        b'{"since": "2018-02-05T14:00:00Z", "last": "2018-02-05T14:00:00Z", "runs": 1, "told": []}',
    ],
)
def test_a_damaged_record_counts_as_none_and_is_logged(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert read_problem(path) is None
    assert "is damaged and begun anew" in caplog.text

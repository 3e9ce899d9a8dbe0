import json

from pipeline_lib.cli.specs.reports.json import report
from pipeline_lib.specs import Loaded


def test_each_problem_is_an_object_with_all_fields(loaded: Loaded) -> None:
    objects = json.loads(report(loaded))
    assert objects[0] == {
        "file": "dag_configs/a,b: 100%.yaml",
        "line": 1,
        "column": 1,
        "path": "",
        "message": "can't be\r\nread",
        "hint": "50% off, or: not",
        "severity": "error",
    }
    assert [found["path"] for found in objects] == ["", "thresholds.1h", "windows.1", "a\x1b[31m\n"]


def test_no_problem_is_an_empty_list(nothing: Loaded) -> None:
    assert report(nothing) == "[]\n"

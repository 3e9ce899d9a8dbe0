import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.cli.specs.reports.sarif import report
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs import Loaded


def run_of(loaded: Loaded) -> Any:  # noqa: ANN401 (a part of a JSON document)
    log = json.loads(report(loaded))
    assert set(log) == {"$schema", "version", "runs"}
    assert (log["$schema"], log["version"]) == ("https://json.schemastore.org/sarif-2.1.0.json", "2.1.0")
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    return run


def locations(run: Any) -> list[Any]:  # noqa: ANN401 (as above)
    found = [result["locations"] for result in run["results"]]
    assert all(len(several) == 1 for several in found)
    return [several[0]["physicalLocation"] for several in found]


def test_the_tool_is_named_with_its_version(nothing: Loaded) -> None:
    run = run_of(nothing)
    driver = run["tool"]["driver"]
    assert driver == {"name": "coin-pipelines", "version": version("coin-pipelines"), "rules": []}
    assert run["results"] == []


def test_each_key_is_a_rule_that_the_schema_describes(loaded: Loaded) -> None:
    run = run_of(loaded)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["spec", "thresholds.1h", "unknown-key", "windows"]
    assert rules[1]["shortDescription"] == {"text": "Move over the last hour, in percent."}
    assert all(rule["defaultConfiguration"] == {"level": "error"} for rule in rules)
    assert all(rule["shortDescription"]["text"].endswith(".") for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ((), "spec"),
        (("coin",), "coin"),
        (("s3", "bucket"), "s3.bucket"),
        (("windows",), "windows"),
        (("windows", 12), "windows"),
        (("5",), "unknown-key"),
        (("thresholds", "5"), "unknown-key"),
        (("a", "b"), "unknown-key"),
        (("s3.bucket",), "unknown-key"),
        ((".",), "unknown-key"),
    ],
)
def test_only_the_index_of_an_item_is_no_part_of_the_rule(path: tuple[str | int, ...], rule: str) -> None:
    (result,) = run_of(Loaded((), (Diagnostic(path, "wrong", file=Path("x.yaml")),)))["results"]
    assert result["ruleId"] == rule


def test_a_result_tells_what_is_wrong_at_which_key(loaded: Loaded) -> None:
    assert [result["message"] for result in run_of(loaded)["results"]] == [
        {"text": "can't be\r\nread (50% off, or: not)"},
        {"text": "thresholds.1h: -3 is not greater than 0"},
        {"text": "windows.1: '1x' doesn't fit (for example 24h)"},
        {"text": "a\x1b[31m\n: unknown key"},
    ]


def test_addresses_of_files_are_encoded_and_relative_to_the_source(loaded: Loaded) -> None:
    artifacts = [location["artifactLocation"] for location in locations(run_of(loaded))]
    assert artifacts == [
        {"uri": "dag_configs/a%2Cb%3A%20100%25.yaml", "uriBaseId": "%SRCROOT%"},
        {"uri": "dag_configs/%C3%A9.yaml", "uriBaseId": "%SRCROOT%"},
        {"uri": "file:///else%20where/x.yaml"},
        {"uri": "dag_configs/%C3%A9.yaml", "uriBaseId": "%SRCROOT%"},
    ]


def test_a_region_is_a_line_and_a_column(loaded: Loaded) -> None:
    regions = [location["region"] for location in locations(run_of(loaded))]
    assert regions[1:3] == [{"startLine": 7, "startColumn": 3}, {"startLine": 2, "startColumn": 13}]


def test_a_file_name_that_is_no_text_is_encoded_byte_by_byte() -> None:
    run = run_of(Loaded((), (Diagnostic((), "x", file=Path("\udcff.yaml")),)))
    assert locations(run)[0]["artifactLocation"]["uri"] == "%FF.yaml"

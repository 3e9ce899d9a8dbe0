from pathlib import Path

import click
import pytest

from pipeline_lib.cli.specs.reports.text import report
from pipeline_lib.model.diagnostic import Diagnostic, Severity
from pipeline_lib.specs import Loaded


def test_a_problem_is_a_line_and_the_last_line_counts(loaded: Loaded) -> None:
    assert click.unstyle(report(loaded)) == (
        "dag_configs/a,b: 100%.yaml:1:1: can't be\\r\\nread (50% off, or: not)\n"
        "dag_configs/é.yaml:7:3: thresholds.1h: -3 is not greater than 0\n"
        "/else where/x.yaml:2:13: windows.1: '1x' doesn't fit (for example 24h)\n"
        "dag_configs/é.yaml:9:1: a\\x1b[31m\\n: unknown key\n"
        "4 problems in 3 files, 0 valid specs\n"
    )


def test_no_problem_is_told_too(nothing: Loaded) -> None:
    assert click.unstyle(report(nothing)) == "no problems, 0 valid specs\n"


def shown(line: str, column: int, severity: Severity = Severity.ERROR) -> list[str]:
    found = Diagnostic(
        (), "wrong", file=Path("a.yaml"), line=12, column=column, severity=severity, source_line=line
    )
    lines = click.unstyle(report(Loaded((), (found,)))).splitlines()
    assert lines[0].startswith("a.yaml:12:")
    return lines[1:-1]


def test_the_line_of_the_file_is_below_with_a_caret_under_the_place() -> None:
    assert shown("  1h: -3", 3) == ["   12 |   1h: -3", "      |   ^"]
    assert shown("coin: x", 1, Severity.WARNING) == ["   12 | coin: x", "      | ^"]


@pytest.mark.parametrize("line", ["", "   ", "\t"])
def test_nothing_to_show_is_not_shown(line: str) -> None:
    assert shown(line, 1) == []


def test_the_caret_is_under_its_character_whatever_is_before_it() -> None:
    assert shown("é: 日本, b: 1", 8) == ["   12 | é: 日本, b: 1", "      |          ^"]
    assert shown("a\u0301: 1", 3) == ["   12 | a\u0301: 1", "      |  ^"]
    assert shown("\tb: c", 2) == ["   12 | \\tb: c", "      |   ^"]
    assert shown("a\x1b[31m: b", 1) == ["   12 | a\\x1b[31m: b", "      | ^"]


def test_a_long_line_is_cut_on_both_sides() -> None:
    line, caret = shown("a" * 500 + "b" * 500, 501)
    assert line == f"   12 | …{'a' * 60}{'b' * 80}…"
    assert caret == f"      | {' ' * 61}^"


@pytest.mark.parametrize("column", range(1, 62))
def test_what_an_address_leads_to_is_never_shown(column: int) -> None:
    line = 'x: {w: https://hooks.slack.com/secret, v: "http://secret", b: 1}'
    text, caret = shown(line, column)
    assert text == '   12 | x: {w: https://… v: "http://…", b: 1}'
    assert caret.endswith("^")
    # Behind the addresses the caret is where its character is.
    assert column < 60 or text[caret.index("^")] == line[column - 1]

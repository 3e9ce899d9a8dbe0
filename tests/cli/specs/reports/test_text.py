import click

from pipeline_lib.cli.specs.reports.text import report
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

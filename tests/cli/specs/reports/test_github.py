from pathlib import Path

from pipeline_lib.cli.specs.reports.github import report
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs import Loaded


def test_each_problem_is_a_command_with_everything_escaped(loaded: Loaded) -> None:
    assert report(loaded) == (
        "::error file=dag_configs/a%2Cb%3A 100%25.yaml,line=1,col=1,title=spec"
        "::can't be%0D%0Aread (50%25 off, or: not)\n"
        "::error file=dag_configs/é.yaml,line=7,col=3,title=thresholds.1h::-3 is not greater than 0\n"
        "::error file=/else where/x.yaml,line=2,col=13,title=windows.1"
        "::'1x' doesn't fit (for example 24h)\n"
        "::error file=dag_configs/é.yaml,line=9,col=1,title=a\x1b[31m%0A::unknown key\n"
    )


def test_no_problem_is_no_command(nothing: Loaded) -> None:
    assert report(nothing) == ""


def test_a_file_name_that_is_no_text_can_be_written() -> None:
    file = Path("\udcff.yaml")
    assert "file=\\udcff.yaml," in report(Loaded((), (Diagnostic((), "x", file=file),)))

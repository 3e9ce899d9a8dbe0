"""What of a traceback is reported, and how the listener comes into Airflow."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from airflow.plugins_manager import AirflowPlugin

from pipeline_lib.airflow.notifiers import import_errors
from pipeline_lib.airflow.notifiers.import_errors import problems_of

PROJECT = Path(__file__).resolve().parents[3]
HEAD = """\
Traceback (most recent call last):
  File "/dags/x.py", line 9, in <module>
    do: something()
"""


@pytest.mark.parametrize(
    ("end", "problems"),
    [
        (
            "pipeline_lib.errors.InvalidSpecsError: /c/a.yaml:4:1: windows: odd\n/c/b.yaml:1:1: coin: odd\n",
            ("/c/a.yaml:4:1: windows: odd", "/c/b.yaml:1:1: coin: odd"),
        ),
        ("ValueError: it is odd\n", ("ValueError: it is odd",)),
        ("airflow.exceptions.Bad: first\nsecond: line\n", ("airflow.exceptions.Bad: first second: line",)),
        ("KeyError: 1\n\nDuring handling …\n\nTypeError: 2\n", ("TypeError: 2",)),
        ("SystemExit\n", ("SystemExit",)),
    ],
)
def test_the_problem_is_what_was_raised(end: str, problems: tuple[str, ...]) -> None:
    assert problems_of(HEAD + end) == problems


def test_the_package_brings_the_plugin_into_airflow() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (entry_point,) = project["entry-points"]["airflow.plugins"].values()
    module, _, name = entry_point.partition(":")
    plugin = getattr(import_module(module), name)
    assert issubclass(plugin, AirflowPlugin)
    assert plugin.listeners == [import_errors]

"""What operators hear of invalid specs and of DAG files that Airflow can't import."""

import pytest

from pipeline_lib.errors import OpsAlertFailedError
from pipeline_lib.ops.alerts import OpsAlerts
from pipeline_lib.ops.import_errors import file_failed_to_import, file_imports_again
from tests.ops.conftest import Board

FILE = "/dags/invalid_specs.py"
FIRST, MOVED = "/c/a.yaml:4:1: windows: odd", "/c/a.yaml:5:1: windows: odd"
OTHER = "/c/b.yaml:1:1: coin: odd"


def parse(alerts: OpsAlerts, *problems: str, is_new: bool = False) -> None:
    file_failed_to_import(alerts, FILE, problems, is_new=is_new)


def test_each_problem_of_a_spec_is_reported_once_while_it_lasts(alerts: OpsAlerts, board: Board) -> None:
    parse(alerts, FIRST, is_new=True)
    parse(alerts, FIRST)
    parse(alerts, MOVED)
    assert board.titles == ["a · an invalid spec"]
    parse(alerts, MOVED, OTHER)
    assert board.titles[1:] == ["b · an invalid spec"]
    assert board.texts[1].splitlines()[0] == f"Problem: {OTHER}"
    # It was mended in between, which Airflow reports to nobody.
    parse(alerts, OTHER, is_new=True)
    assert len(board.titles) == 3


def test_a_mended_spec_is_reported_while_others_are_invalid(alerts: OpsAlerts, board: Board) -> None:
    parse(alerts, FIRST, OTHER)
    parse(alerts, OTHER)
    assert board.titles == ["a, b · invalid specs", "a · the spec is mended"]
    parse(alerts, FIRST, OTHER)
    assert board.titles[2:] == ["a · an invalid spec"]


def test_the_last_specs_are_mended_when_there_is_nothing_to_report(alerts: OpsAlerts, board: Board) -> None:
    file_imports_again(alerts, FILE)
    parse(alerts, FIRST, OTHER)
    file_imports_again(alerts, FILE)
    file_imports_again(alerts, FILE)
    assert board.titles == ["a, b · invalid specs", "a, b · the specs are mended"]
    assert "coin-pipelines backfill" in board.texts[1]


def test_what_reached_nobody_is_reported_again(alerts: OpsAlerts, board: Board) -> None:
    parse(alerts, FIRST)
    board.away = True
    with pytest.raises(OpsAlertFailedError):
        file_imports_again(alerts, FILE)
    board.away = False
    file_imports_again(alerts, FILE)
    assert board.titles[-1] == "a · the spec is mended"


def test_one_title_names_three_specs_of_many(alerts: OpsAlerts, board: Board) -> None:
    parse(alerts, *(f"/c/{name}.yaml:1:1: odd" for name in "abcde"))
    assert board.titles == ["a, b, c and 2 more · invalid specs"]


def test_any_other_file_is_reported_by_its_name(alerts: OpsAlerts, board: Board) -> None:
    file_failed_to_import(alerts, "/dags/mine.py", ["KeyError: 1"], is_new=True)
    file_imports_again(alerts, "/dags/mine.py")
    assert board.titles == ["mine.py · 1 new problem"]

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

TAKEN_OVER = Path(__file__).parents[2] / "data" / "taken_over"


@pytest.fixture
def recorded(project: Path, command: Command) -> Path:
    """A project whose database knows two pipelines, one of which has no spec any more."""
    shutil.copytree(TAKEN_OVER, project, dirs_exist_ok=True)
    assert command("replay", "--all").exit_code == 0
    (project / "dag_configs" / "ether-slow.yaml").unlink()
    return project


@pytest.mark.usefixtures("recorded")
def test_pipelines_of_specs_and_of_the_database_are_listed(command: Command) -> None:
    result = command("list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "pipeline    coins     schedule  moments  newest",
        "bitcoin     bitcoin   @hourly   41       2024-01-06T17:00:00Z",
        "ether-slow  ethereum  no spec   7        2024-01-06T12:00:00Z",
    ]


@pytest.mark.usefixtures("recorded")
def test_programs_get_json(command: Command) -> None:
    assert json.loads(command("list", "--format", "json").stdout)[1] == {
        "pipeline": "ether-slow",
        "coins": ["ethereum"],
        "schedule": None,
        "timezone": None,
        "moments": 7,
        "newest": "2024-01-06T12:00:00Z",
    }


def test_a_project_that_never_ran_gets_no_database(project: Path, command: Command) -> None:
    result = command("list")
    assert result.stdout.splitlines()[1] == "bitcoin   bitcoin  @hourly   0        none yet"
    assert not (project / "data").exists()


def test_an_invalid_spec_hides_no_other(project: Path, command: Command) -> None:
    (project / "dag_configs" / "a-coin.yaml").write_text("spec_version: 1\ncoin: 1\n")
    result = command("list")
    assert result.exit_code == 1
    assert "a-coin.yaml:2:" in result.stderr
    assert result.stdout.splitlines()[1].startswith("bitcoin ")


def test_a_recorded_pipeline_whose_spec_is_invalid_is_not_one_without_a_spec(
    recorded: Path, command: Command
) -> None:
    (recorded / "dag_configs" / "ether-slow.yaml").write_text("coin: [")
    result = command("list")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == (
        "ether-slow  ethereum  invalid spec  7        2024-01-06T12:00:00Z"
    )

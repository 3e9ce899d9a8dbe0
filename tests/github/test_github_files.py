import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path: Path) -> Any:  # noqa: ANN401 (whatever YAML holds)
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps_of(path: Path) -> list[dict[str, Any]]:
    data = load(path)
    if "runs" in data:
        return list(data["runs"]["steps"])
    return [step for job in data["jobs"].values() for step in job["steps"]]


def arguments_of_the_action(tmp_path: Path, paths: str) -> list[str]:
    command = tmp_path / "coin-pipelines" / "bin" / "coin-pipelines"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n", encoding="utf-8")
    command.chmod(0o755)
    finished = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps_of(ACTION)[-1]["run"]],
        env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "SPEC_PATHS": paths},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    return finished.stdout.splitlines()


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_no_script_has_text_put_into_it(path: Path) -> None:
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_only_read(path: Path) -> None:
    assert load(path)["permissions"] == {"contents": "read"}


def test_the_action_checks_the_default_folder(tmp_path: Path) -> None:
    assert arguments_of_the_action(tmp_path, "") == ["validate", "--format", "github", "--"]


def test_the_action_takes_one_path_a_line_and_runs_none(tmp_path: Path) -> None:
    paths = ["dag_configs", "two words", "$(touch made)", "-x", "*"]
    taken = arguments_of_the_action(tmp_path, "\n".join(paths) + "\n\n")
    assert taken == ["validate", "--format", "github", "--", *paths]
    assert not (tmp_path / "made").exists()


def test_the_workflow_takes_the_steps_of_the_projects_own_run() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    own = [line for line in script.splitlines() if line.startswith("make ")]
    steps = load(WORKFLOWS[0])["jobs"]["check"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == own


def test_the_workflow_runs_the_docker_stack_in_a_job_of_its_own() -> None:
    steps = load(WORKFLOWS[0])["jobs"]["stack"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make setup", "make test-stack"]


def test_the_workflow_covers_every_python() -> None:
    versions = load(WORKFLOWS[0])["jobs"]["check"]["strategy"]["matrix"]["python-version"]
    classifiers = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert versions == ["3.11", "3.12", "3.13"]
    assert all(f"Python :: {version}" in classifiers for version in versions)


def test_the_hook_runs_on_specs() -> None:
    (hook,) = load(ROOT / ".pre-commit-hooks.yaml")
    assert (hook["id"], hook["entry"]) == ("coin-pipelines-validate", "coin-pipelines validate")

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

BACKFILL = (
    "backfill",
    "--from",
    "2026-02-01T00:00:00Z",
    "--to",
    "2026-02-01T05:00:00Z",
    "--dry-run",
    "--all",
)
DONE = {
    BACKFILL: "bitcoin: 6 moments to fill in",
    ("list",): "bitcoin   bitcoin  @hourly ",
    ("replay", "--all"): "bitcoin: there is nothing to replay",
    ("verify", "--all"): "bitcoin: there is nothing to verify",
}
COMMANDS = pytest.mark.parametrize("arguments", DONE, ids=lambda arguments: arguments[0])


def write_invalid(path: Path) -> None:
    path.write_text("spec_version: 1\ncoin: 1\nschedule: '@hourly'\n")


def link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


BROKEN: dict[Callable[[Path], None], str] = {
    write_invalid: ":2:1: coin: 1 is not text",
    link_to_nothing: ":1:1: can't be read: No such file or directory",
    link_to_a_device: ":1:1: is no ordinary file",
    os.mkfifo: ":1:1: is no ordinary file",
}


@COMMANDS
@pytest.mark.parametrize("break_it", BROKEN, ids=lambda function: function.__name__)
@pytest.mark.usefixtures("project")
def test_a_broken_spec_holds_up_no_other(
    command: Command, arguments: tuple[str, ...], break_it: Callable[[Path], None]
) -> None:
    break_it(Path("dag_configs", "a-coin.yaml"))
    result = command(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"dag_configs/a-coin.yaml{BROKEN[break_it]}")
    assert DONE[arguments] in result.stdout


@COMMANDS
@pytest.mark.usefixtures("project")
def test_pipelines_that_would_write_to_one_place_are_refused(
    command: Command, arguments: tuple[str, ...]
) -> None:
    for name in ("a-b", "a_b"):
        Path("dag_configs", f"{name}.yaml").write_text(Path("dag_configs", "bitcoin.yaml").read_text())
    result = command(*arguments)
    assert result.exit_code == 1
    assert "dag_configs/a-b.yaml:1:1: A_B_RAW_PATH would set the path of a_b.yaml too" in result.stderr
    assert DONE[arguments] in result.stdout
    assert "a-b: " not in result.stdout


@pytest.mark.parametrize(
    "arguments", [BACKFILL, ("replay", "--all"), ("verify", "--all")], ids=lambda a: a[0]
)
def test_no_spec_at_all_is_nothing_to_work_on(
    project: Path, command: Command, arguments: tuple[str, ...]
) -> None:
    (project / "dag_configs" / "bitcoin.yaml").unlink()
    assert command(*arguments).exit_code == 3


@pytest.mark.parametrize(
    "arguments", [BACKFILL, ("replay", "--all"), ("verify", "--all")], ids=lambda a: a[0]
)
def test_invalid_defaults_are_told_once(project: Path, command: Command, arguments: tuple[str, ...]) -> None:
    (project / "dag_configs" / "_defaults.yaml").symlink_to("nowhere")
    result = command(*arguments)
    assert result.exit_code == 1
    problem = "dag_configs/_defaults.yaml:1:1: can't be read: No such file or directory"
    assert result.stderr.splitlines()[0] == problem
    assert result.stderr.count(problem) == 1


@pytest.mark.parametrize("break_it", list(BROKEN)[1:], ids=lambda function: function.__name__)
@pytest.mark.usefixtures("project")
def test_a_named_spec_that_is_no_file_is_told_as_what_it_is(
    command: Command, break_it: Callable[[Path], None]
) -> None:
    break_it(Path("dag_configs", "a-coin.yaml"))
    result = command("render", "a-coin")
    assert result.exit_code == 1
    assert result.stderr == f"Error: dag_configs/a-coin.yaml{BROKEN[break_it]}\n"

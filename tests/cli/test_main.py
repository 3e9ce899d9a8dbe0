import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pipeline_lib.cli.main import COMMANDS, main

HEAVY = ["airflow", "pandas", "numpy", "boto3", "botocore", "requests", "jsonschema_rs"]
LISTED = main.list_commands(click.Context(main))

Command = Callable[..., Result]

REPORT_IMPORTS = """
import json, sys
from pipeline_lib.cli.main import COMMANDS, main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


def imported_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT_IMPORTS, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", LISTED)
def test_the_help_of_a_command_shows_an_example(command: Command, name: str) -> None:
    result: Result = command(name, "--help")
    assert result.exit_code == 0
    example = result.output.split("Example")[1]
    assert f"\n    coin-pipelines {name}" in example


def test_the_help_lists_every_command_with_what_it_does(command: Command) -> None:
    result = command("--help")
    assert result.exit_code == 0
    listed = result.output.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed] == LISTED
    assert {"run", "upload", "validate"} <= set(LISTED)
    assert all(len(line.split()) > 3 for line in listed)


@pytest.mark.parametrize("group", [[], ["alerts"], ["database"]], ids="".join)
@pytest.mark.parametrize("width", [40, 80])
def test_the_help_cuts_no_sentence(group: list[str], width: int) -> None:
    result = CliRunner().invoke(main, [*group, "--help"], terminal_width=width)
    assert result.exit_code == 0
    listed = result.output.split("Commands:\n")[1]
    assert "..." not in listed
    assert listed.endswith(".\n")


@pytest.mark.parametrize("group", [[], ["alerts"], ["database"]], ids="".join)
def test_the_help_has_a_line_for_each_command(command: Command, group: list[str]) -> None:
    listed = command(*group, "--help").output.split("Commands:\n")[1].splitlines()
    assert all(line.endswith(".") and len(line) <= 80 for line in listed)


def test_h_is_help(command: Command) -> None:
    assert command("-h").output == command("--help").output


def test_the_version_is_the_packages(command: Command) -> None:
    result = command("--version")
    assert result.output == f"coin-pipelines, version {version('coin-pipelines')}\n"


def test_an_unknown_command_is_misuse(command: Command) -> None:
    result = command("frobnicate")
    assert result.exit_code == 2
    assert "No such command 'frobnicate'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stauts"], "No such command 'stauts'. Did you mean 'status'?"),
        (["alerts", "histry"], "No such command 'histry'. Did you mean 'history'?"),
        (["database", "upgrad"], "No such command 'upgrad'. Did you mean 'upgrade'?"),
        (["run", "bitcoin", "--ta", "now"], "No such option '--ta'. Did you mean '--at'?"),
        (["--versoin"], "No such option '--versoin'. Did you mean '--version'?"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_misspelt_name_is_misuse_with_the_one_that_is_meant(
    command: Command, arguments: list[str], message: str
) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {message}"


def test_the_help_imports_nothing_heavy() -> None:
    imported = imported_by("--help")
    assert "pipeline_lib.cli.main" in imported
    assert imported.isdisjoint(HEAVY)


def test_the_version_imports_no_command() -> None:
    assert not set(COMMANDS.values()) & imported_by("--version")


@pytest.mark.parametrize(
    "arguments",
    [
        ["completion", "zsh"],
        ["diff", "HEAD"],
        ["explain", "bitcoin"],
        ["new", "solana"],
        ["render", "bitcoin"],
        ["replay", "bitcoin"],
        ["run", "bitcoin"],
        ["schema"],
        ["upload", "bitcoin"],
        ["validate"],
        ["verify", "bitcoin"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("market")
def test_no_command_imports_airflow(arguments: list[str]) -> None:
    imported = imported_by(*arguments)
    assert COMMANDS[arguments[0]] in imported
    assert "airflow" not in imported


@pytest.mark.parametrize(
    "arguments",
    [["diff", "HEAD"], ["explain", "bitcoin"], ["new", "solana"], ["render", "bitcoin"], ["validate"]],
    ids=" ".join,
)
@pytest.mark.usefixtures("project")
def test_commands_on_specs_import_neither_tables_nor_networks(arguments: list[str]) -> None:
    imported = imported_by(*arguments)
    assert imported.isdisjoint({"pandas", "numpy", "boto3", "botocore", "requests", "pipeline_lib.steps"})


def test_the_installed_command_and_the_module_are_the_same(project: Path) -> None:
    script = Path(sys.executable).with_name("coin-pipelines")
    for start in ([str(script)], [sys.executable, "-m", "pipeline_lib.cli"]):
        done = subprocess.run(
            [*start, "validate"], cwd=project, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "no problems, 1 valid spec\n", "")


def test_the_group_is_what_the_package_offers() -> None:
    from pipeline_lib import cli  # noqa: PLC0415 (the import is what is tested)

    assert cli.main is main

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

PROGRAM = Path(sys.executable).with_name("coin-pipelines")


@pytest.fixture(autouse=True)
def _two_pipelines(project: Path) -> None:
    folder = project / "dag_configs"
    for name in ("bitcoin-in-euro.yaml", "ethereum.yaml", "_defaults.yaml"):
        (folder / name).write_text("not read", encoding="utf-8")


def complete(*words: str) -> list[str]:
    """What the program itself answers to bash."""
    environment = {
        **os.environ,
        "_COIN_PIPELINES_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["coin-pipelines", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("name", ["explain", "render", "run", "upload"])
def test_names_complete_to_the_pipelines_that_exist(name: str) -> None:
    assert complete(name, "bit") == ["plain,bitcoin", "plain,bitcoin-in-euro"]
    assert complete(name, "x") == []


@pytest.mark.parametrize("name", ["explain", "render"])
def test_a_path_is_left_to_the_shell(name: str) -> None:
    assert complete(name, "dag_configs/b") == ["file,dag_configs/b"]


def test_commands_and_formats_complete() -> None:
    assert complete("ex") == ["plain,explain", "plain,export"]
    assert complete("validate", "--format", "s") == ["plain,sarif"]


def test_keys_complete_to_those_of_the_schema() -> None:
    keys = ["plain,thresholds", "plain,thresholds.1h", "plain,thresholds.24h"]
    assert complete("explain", "bitcoin", "th") == keys


def test_an_unusable_environment_completes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "unusable")
    assert complete("render", "bit") == []


@pytest.mark.parametrize(
    ("shell", "start"),
    [("bash", "_coin_pipelines_completion()"), ("zsh", "#compdef coin-pipelines"), ("fish", "function ")],
)
def test_each_shell_gets_a_script_of_its_own(command: Command, shell: str, start: str) -> None:
    result = command("completion", shell)
    assert result.exit_code == 0
    assert result.stdout.lstrip().startswith(start)
    assert f"_COIN_PIPELINES_COMPLETE={shell}_complete" in result.stdout


def test_another_shell_is_misuse(command: Command) -> None:
    assert command("completion", "csh").exit_code == 2


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script(command: Command) -> None:
    script = command("completion", "bash").stdout
    ask = "COMP_WORDS=(coin-pipelines render e); COMP_CWORD=2; _coin_pipelines_completion coin-pipelines"
    done = subprocess.run(  # the script is this program's own
        ["bash", "--norc", "-c", f'{script}\n{ask}\necho "${{COMPREPLY[@]}}"'],  # noqa: S607 (wherever bash lies)
        env={**os.environ, "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "ethereum\n"

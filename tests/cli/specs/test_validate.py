import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

BROKEN = "spec_version: 1\ncoim: ethereum\nschedule: never\n"
NEEDED = "(for example coin: bitcoin, or coins: {top: 100})"
BROKEN_LINES = [
    f"dag_configs/ethereum.yaml:1:1: the key 'coin' is missing {NEEDED}",
    "dag_configs/ethereum.yaml:2:1: coim: unknown key (did you mean 'coin'?)",
    "    2 | coim: ethereum",
    "      | ^",
    (
        "dag_configs/ethereum.yaml:3:1: schedule: 'never' is not a cron expression"
        " (five fields: minute hour day month weekday, for example */15 * * * *)"
    ),
    "    3 | schedule: never",
    "      | ^",
]


@pytest.fixture
def broken(project: Path) -> Path:
    path = project / "dag_configs" / "ethereum.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    return path


def test_without_a_path_every_spec_of_the_project_is_checked(project: Path, command: Command) -> None:
    spec = (project / "dag_configs" / "bitcoin.yaml").read_bytes()
    (project / "dag_configs" / "ethereum.yaml").write_bytes(spec)
    result = command("validate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "no problems, 2 valid specs\n", "")


@pytest.mark.usefixtures("broken")
def test_every_problem_is_a_line_and_the_exit_code_1(project: Path, command: Command) -> None:
    (project / "dag_configs" / "solana.yml").touch()
    result = command("validate")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.splitlines() == [
        "dag_configs/solana.yml:1:1: specs end in .yaml (rename it to solana.yaml)",
        *BROKEN_LINES,
        "4 problems in 2 files, 1 valid spec",
    ]


@pytest.mark.usefixtures("project")
def test_a_warning_is_told_and_the_exit_code_is_0(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINGECKO_CALLS_PER_MONTH", "100")
    result = command("validate")
    assert result.exit_code == 0
    first, last = result.stdout.splitlines()
    assert ":1:1: warning: 744 calls of CoinGecko in a month" in first
    assert last == "1 warning in 1 file, 1 valid spec"


@pytest.mark.parametrize("arguments", [(), ("dag_configs",), ("dag_configs/ethereum.yaml",)])
def test_a_step_longer_than_its_field_is_a_warning_with_the_next_runs(
    project: Path, command: Command, arguments: tuple[str, ...]
) -> None:
    (project / "dag_configs" / "ethereum.yaml").write_text(
        'spec_version: 1\ncoin: ethereum\nschedule: "*/90 * * * *"\nstart_date: 2150-01-01\n',
        encoding="utf-8",
    )
    result = command("validate", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == (
        "dag_configs/ethereum.yaml:3:1: warning: schedule: the step of */90 is longer than its 60 minutes:"
        " only minute 0 is left (the next runs: 2150-01-01T01:00:00Z, 2150-01-01T02:00:00Z,"
        " 2150-01-01T03:00:00Z)"
    )
    assert lines[-1].startswith("1 warning in 1 file, ")
    assert json.loads(command("validate", "--format", "json", *arguments).stdout)[0]["severity"] == "warning"
    assert command("validate", "--format", "github", *arguments).stdout.startswith("::warning file=")
    (run,) = json.loads(command("validate", "--format", "sarif", *arguments).stdout)["runs"]
    assert [found["level"] for found in run["results"]] == ["warning"]


def test_a_warning_beside_a_problem_is_counted_by_itself(project: Path, command: Command) -> None:
    folder = project / "dag_configs"
    (folder / "_defaults.yaml").write_text('schedule: "0 */36 * * *"\n', encoding="utf-8")
    for name in ("ethereum", "solana"):
        (folder / f"{name}.yaml").write_text(f"spec_version: 1\ncoin: {name}\n", encoding="utf-8")
    (folder / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    result = command("validate")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    (warning,) = (line for line in lines if ": warning: " in line)
    assert warning.startswith(
        "dag_configs/_defaults.yaml:1:1: warning: schedule: the step of */36 is longer than its 24 hours: "
    )
    assert lines[-1] == "3 problems and 1 warning in 2 files, 3 valid specs"


@pytest.mark.usefixtures("broken")
def test_one_file_is_checked_alone(command: Command) -> None:
    assert command("validate", "dag_configs/bitcoin.yaml").output == "no problems, 1 valid spec\n"
    result = command("validate", "dag_configs/ethereum.yaml")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [*BROKEN_LINES, "3 problems in 1 file, 0 valid specs"]


def test_a_file_is_checked_with_the_defaults_of_its_own_folder(tmp_path: Path, command: Command) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    spec = folder / "litecoin.yaml"
    spec.write_text('spec_version: 1\nschedule: "@hourly"\n', encoding="utf-8")
    assert command("validate", str(spec)).exit_code == 1
    defaults = folder / "_defaults.yaml"
    defaults.write_text("coin: litecoin\n", encoding="utf-8")
    assert command("validate", str(spec)).output == "no problems, 1 valid spec\n"
    defaults.write_text("coin: LITECOIN\n", encoding="utf-8")
    assert command("validate", str(spec)).stdout == (
        f"{defaults}:1:1: coin: 'LITECOIN' doesn't fit (for example bitcoin or usd-coin)\n"
        "    1 | coin: LITECOIN\n"
        "      | ^\n"
        "1 problem in 1 file, 0 valid specs\n"
    )


@pytest.mark.usefixtures("broken")
def test_the_file_of_the_defaults_stands_for_its_folder(project: Path, command: Command) -> None:
    (project / "dag_configs" / "_defaults.yaml").write_text("owner: shared\n", encoding="utf-8")
    assert command("validate", "dag_configs/_defaults.yaml").output == command("validate").output


@pytest.mark.usefixtures("broken")
def test_paths_that_overlap_count_once(project: Path, command: Command) -> None:
    paths = ["dag_configs/ethereum.yaml", "dag_configs", str(project / "dag_configs" / "bitcoin.yaml")]
    assert command("validate", *paths).output == command("validate").output


@pytest.mark.usefixtures("project")
def test_a_file_with_another_ending_is_no_spec(project: Path, command: Command) -> None:
    (project / "notes.txt").touch()
    assert command("validate", "notes.txt").stdout == (
        "notes.txt:1:1: specs end in .yaml (rename it to notes.yaml)\n1 problem in 1 file, 0 valid specs\n"
    )


@pytest.mark.parametrize("arguments", [(), ("dag_configs",), ("dag_configs/majors",)])
def test_a_broken_spec_in_a_folder_below_is_told(
    project: Path, command: Command, arguments: tuple[str, ...]
) -> None:
    majors = project / "dag_configs" / "majors"
    majors.mkdir()
    (majors / "ethereum.yaml").write_text(BROKEN, encoding="utf-8")
    result = command("validate", *arguments)
    assert result.exit_code == 1
    assert "dag_configs/majors/ethereum.yaml:2:1: coim: unknown key (did you mean 'coin'?)" in result.stdout


def test_a_folder_below_is_checked_with_the_defaults_of_the_project(project: Path, command: Command) -> None:
    majors = project / "dag_configs" / "majors"
    majors.mkdir()
    (majors / "ethereum.yaml").write_text('spec_version: 1\nschedule: "@hourly"\n', encoding="utf-8")
    (project / "dag_configs" / "_defaults.yaml").write_text("coin: ethereum\n", encoding="utf-8")
    for path in ("dag_configs/majors", "dag_configs/majors/ethereum.yaml", str(majors)):
        assert command("validate", path).output == "no problems, 1 valid spec\n"


@pytest.mark.parametrize("arguments", [(), ("dag_configs",), ("dag_configs/_defaults.yaml",)])
@pytest.mark.parametrize("format_name", ["text", "json", "github", "sarif"])
def test_a_check_of_nothing_is_misuse(
    project: Path, command: Command, arguments: tuple[str, ...], format_name: str
) -> None:
    (project / "dag_configs" / "bitcoin.yaml").unlink()
    (project / "dag_configs" / "_defaults.yaml").touch()
    (project / "dag_configs" / ".hidden.yaml").touch()
    result = command("validate", "--format", format_name, "--", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    place = arguments[0] if arguments else "dag_configs"
    assert result.stderr.endswith(
        f"Error: there are no specs in {place}: a spec is a file that ends in .yaml\n"
    )


def test_one_path_without_specs_among_others_is_misuse(project: Path, command: Command) -> None:
    (project / "dag_config").mkdir()
    result = command("validate", "dag_configs", "dag_config")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: there are no specs in dag_config: " in result.stderr


def test_files_of_one_name_are_told_when_both_are_named(project: Path, command: Command) -> None:
    (project / "dag_configs" / "old").mkdir()
    (project / "dag_configs" / "old" / "bitcoin.yaml").write_bytes(
        (project / "dag_configs" / "bitcoin.yaml").read_bytes()
    )
    result = command("validate", "dag_configs/old/bitcoin.yaml", "dag_configs/bitcoin.yaml")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:2] == [
        f"dag_configs/{file}:1:1: the pipeline bitcoin is made by {other}, too"
        " (give each file a name of its own)"
        for file, other in (("bitcoin.yaml", "old/bitcoin.yaml"), ("old/bitcoin.yaml", "bitcoin.yaml"))
    ]
    assert result.stdout.splitlines()[2:] == ["2 problems in 2 files, 0 valid specs"]


@pytest.mark.usefixtures("project")
def test_a_path_that_does_not_exist_is_misuse(command: Command) -> None:
    result = command("validate", "dag_configs/gone.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Path 'dag_configs/gone.yaml' does not exist." in result.stderr


@pytest.mark.usefixtures("project")
def test_a_missing_folder_is_misuse(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DAG_CONFIGS_DIR", str(tmp_path / "gone"))
    result = command("validate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        f"Error: the folder of specs {tmp_path / 'gone'} doesn't exist (set DAG_CONFIGS_DIR)\n"
    )


@pytest.mark.usefixtures("project")
def test_a_bad_environment_matters_only_to_what_reads_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://hooks.example/secret-part")
    result = command("validate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("Error: SLACK_WEBHOOK_URL is not an https address\n")
    assert command("validate", "dag_configs").exit_code == 0


@pytest.mark.usefixtures("project")
def test_a_bucket_of_the_environment_that_no_spec_could_name_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_BUCKET", "s3://my-bucket")
    result = command("validate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: S3_BUCKET is 's3://…', and a bucket's name is 3 to 63 lower-case letters" in result.stderr
    monkeypatch.setenv("S3_BUCKET", "my-bucket")
    assert command("validate").exit_code == 0


@pytest.mark.parametrize("path", [(), ("dag_configs",), ("dag_configs/bitcoin.yaml",)])
def test_a_spec_that_has_any_other_variable_read_is_refused(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...]
) -> None:
    with (project / "dag_configs" / "bitcoin.yaml").open("a", encoding="utf-8") as spec:
        spec.write("alerts: {webhook_variable: DATABASE_URL}\n")
    result = command("validate", *path)
    assert result.exit_code == 1
    assert "alerts.webhook_variable: DATABASE_URL may hold something else than a webhook" in result.stdout
    assert result.stdout.endswith("1 problem in 1 file, 0 valid specs\n")
    monkeypatch.setenv("WEBHOOK_VARIABLE_PREFIX", "DATABASE_")
    assert command("validate", *path).exit_code == 0


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", ["json", "sarif"])
def test_programs_get_nothing_but_their_format(command: Command, name: str) -> None:
    result = command("validate", "--format", name)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "dag_configs/ethereum.yaml" in json.dumps(json.loads(result.stdout))


@pytest.mark.usefixtures("broken")
def test_github_gets_a_command_for_each_problem(command: Command) -> None:
    lines = command("validate", "--format", "github").stdout.splitlines()
    assert lines[1] == (
        "::error file=dag_configs/ethereum.yaml,line=2,col=1,title=coim::unknown key (did you mean 'coin'?)"
    )


@pytest.mark.usefixtures("project")
def test_an_unknown_format_is_misuse(command: Command) -> None:
    assert command("validate", "--format", "xml").exit_code == 2


def on_a_terminal(environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as output:
        subprocess.run(
            [sys.executable, "-m", "pipeline_lib.cli", "validate"],
            stdout=theirs,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )
        os.close(theirs)
        return output.read(65536).decode()


@pytest.mark.usefixtures("broken")
def test_only_a_terminal_gets_colours_and_only_while_it_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in on_a_terminal({})
    assert "\x1b[31m" in on_a_terminal({"NO_COLOR": ""})
    assert "\x1b" not in on_a_terminal({"NO_COLOR": "1"})

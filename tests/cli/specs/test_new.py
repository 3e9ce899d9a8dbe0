from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

SOLANA = (Path(__file__).parent / "golden_starter.yaml").read_text(encoding="utf-8")


def test_a_starter_is_written_and_valid(project: Path, command: Command) -> None:
    result = command("new", "solana")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "wrote dag_configs/solana.yaml, the DAG solana_data_pipeline\n"
        "next: set schedule, thresholds and s3 there, then `coin-pipelines validate`\n"
    )
    assert (project / "dag_configs" / "solana.yaml").read_text(encoding="utf-8") == SOLANA
    assert command("validate").output == "no problems, 2 valid specs\n"


def test_every_commented_key_is_a_valid_one(project: Path, command: Command) -> None:
    examples = [line for line in SOLANA.splitlines() if line.lstrip().startswith("# ") and ": " in line]
    keys = [line for line in examples if "explain" not in line]
    assert len(keys) == 10 + 1
    text = SOLANA
    for line in keys:
        text = text.replace(line, line.replace("# ", "", 1))
    (project / "dag_configs" / "solana.yaml").write_text(text, encoding="utf-8")
    assert command("validate").output == "no problems, 2 valid specs\n"


def test_the_name_may_be_another(project: Path, command: Command) -> None:
    assert command("new", "bitcoin", "--name", "bitcoin-in-euro").exit_code == 0
    text = (project / "dag_configs" / "bitcoin-in-euro.yaml").read_text(encoding="utf-8")
    assert "\ncoin: bitcoin\n" in f"\n{text}"
    assert "prefix: crypto/bitcoin-in-euro\n" in text


@pytest.mark.parametrize("coin", ["null", "true", "1337", "1e5", "2024-01-01"])
def test_a_coin_that_looks_like_something_else_stays_text(project: Path, command: Command, coin: str) -> None:
    assert command("new", coin).exit_code == 0
    assert f"coin: '{coin}'\n" in command("render", coin).stdout
    assert (project / "dag_configs" / f"{coin}.yaml").exists()


def test_a_dot_in_the_id_is_none_in_the_name(project: Path, command: Command) -> None:
    assert command("new", "wrapped.coin").exit_code == 0
    assert (project / "dag_configs" / "wrapped-coin.yaml").exists()


def test_editors_learn_of_the_schema_where_there_is_one(project: Path, command: Command) -> None:
    (project / "schemas").mkdir()
    (project / "schemas" / "pipeline.schema.json").touch()
    command("new", "solana")
    text = (project / "dag_configs" / "solana.yaml").read_text(encoding="utf-8")
    assert text == f"# yaml-language-server: $schema=../schemas/pipeline.schema.json\n{SOLANA}"


def test_nothing_is_written_over(project: Path, command: Command) -> None:
    spec = project / "dag_configs" / "bitcoin.yaml"
    before = spec.read_bytes()
    result = command("new", "bitcoin")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: dag_configs/bitcoin.yaml exists already (take another --name)\n"
    assert spec.read_bytes() == before


def test_a_name_that_a_folder_below_has_is_taken(project: Path, command: Command) -> None:
    (project / "dag_configs" / "majors").mkdir()
    (project / "dag_configs" / "majors" / "solana.yaml").touch()
    result = command("new", "solana")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: dag_configs/majors/solana.yaml exists already (take another --name)\n"


@pytest.mark.parametrize("coin", ["Bitcoin", "bit coin", "../bitcoin", "", "a" * 101, "bitcoin\n"])
def test_what_is_no_coin_id_is_misuse(project: Path, command: Command, coin: str) -> None:
    result = command("new", coin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for 'COIN':" in result.stderr
    assert len(list((project / "dag_configs").iterdir())) == 1


@pytest.mark.parametrize("name", ["Bitcoin", "_defaults", "../x", "x/y", "x.y", "", "x\n"])
def test_what_can_name_no_pipeline_is_misuse(project: Path, command: Command, name: str) -> None:
    result = command("new", "bitcoin", "--name", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for '--name':" in result.stderr
    assert len(list((project / "dag_configs").iterdir())) == 1


def test_beside_broken_defaults_nothing_is_written(project: Path, command: Command) -> None:
    (project / "dag_configs" / "_defaults.yaml").write_text("owner: [\n", encoding="utf-8")
    result = command("new", "solana")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: dag_configs/_defaults.yaml:2:1: ")
    assert not (project / "dag_configs" / "solana.yaml").exists()


def test_half_a_section_in_the_defaults_is_made_whole(project: Path, command: Command) -> None:
    (project / "dag_configs" / "_defaults.yaml").write_text("s3: {bucket: shared}\n", encoding="utf-8")
    assert command("new", "solana").exit_code == 0


def test_without_a_folder_nothing_is_made(tmp_path: Path, project: Path, command: Command) -> None:
    (project / "dag_configs").rename(tmp_path / "moved")
    result = command("new", "solana")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: the folder of specs {project / 'dag_configs'} doesn't exist"
        " (call this in the project's folder)\n"
    )


def test_several_coins_are_a_list(project: Path, command: Command) -> None:
    result = command("new", "--coins", "bitcoin, ethereum", "--name", "majors")
    assert result.exit_code == 0
    assert "coins: [bitcoin, ethereum]\n" in (project / "dag_configs" / "majors.yaml").read_text()
    assert command("validate").exit_code == 0


@pytest.mark.parametrize(
    ("options", "name", "coins"),
    [
        (["--top", "100"], "top-100", "{top: 100}"),
        (["--top", "50", "--from", "51"], "coins-51-to-100", "{top: 50, from: 51}"),
    ],
)
def test_the_greatest_market_caps_need_no_name(
    project: Path, command: Command, options: list[str], name: str, coins: str
) -> None:
    assert command("new", *options).exit_code == 0
    assert f"coins: {coins}\n" in (project / "dag_configs" / f"{name}.yaml").read_text()
    assert command("validate").exit_code == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "give one of COIN, --coins and --top"),
        (["bitcoin", "--top", "3"], "give one of COIN, --coins and --top"),
        (["--coins", "bitcoin,ethereum"], "a pipeline of several coins needs a --name"),
        (["--coins", "bitcoin,,", "--name", "x"], "Invalid value for '--coins'"),
        (["--top", "251"], "Invalid value for '--top': 251 is greater than 250"),
    ],
)
def test_other_coins_are_misuse(command: Command, options: list[str], reason: str) -> None:
    result = command("new", *options)
    assert result.exit_code == 2
    assert reason in result.stderr

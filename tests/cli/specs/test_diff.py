from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]
Git = Callable[..., str]

ETHEREUM = 'spec_version: 1\ncoin: ethereum\nschedule: "@daily"\ns3: {prefix: crypto/ethereum}\n'


@pytest.fixture
def folder(repository: Path) -> Path:
    return repository / "dag_configs"


@pytest.mark.usefixtures("repository")
def test_nothing_changed_is_told(command: Command) -> None:
    result = command("diff", "--exit-code", "HEAD")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "no pipeline changed since HEAD\n", "")


def test_a_pipeline_that_comes_shows_what_it_is(folder: Path, command: Command) -> None:
    (folder / "ethereum.yaml").write_text(ETHEREUM, encoding="utf-8")
    result = command("diff", "HEAD")
    assert (result.exit_code, result.stdout) == (
        0,
        (
            "added    ethereum  ethereum_data_pipeline\n"
            "  coin: ethereum\n"
            "  vs_currency: usd\n"
            "  schedule: '@daily'\n"
            "  timezone: UTC\n"
            "  windows: [24h, 7d]\n"
            "  thresholds.1h: 3\n"
            "  thresholds.24h: 8\n"
            "  s3.prefix: crypto/ethereum\n"
            "  s3.layout: complete\n"
        ),
    )


def test_a_pipeline_that_goes_shows_what_it_was(folder: Path, command: Command) -> None:
    (folder / "bitcoin.yaml").unlink()
    lines = command("diff", "HEAD").stdout.splitlines()
    assert lines[:2] == ["removed  bitcoin  bitcoin_data_pipeline", "  coin: bitcoin"]


def test_a_file_that_moves_to_a_folder_below_is_the_same_pipeline(
    folder: Path, command: Command, git: Git
) -> None:
    (folder / "majors").mkdir()
    (folder / "bitcoin.yaml").rename(folder / "majors" / "bitcoin.yaml")
    (folder / "majors" / "broken.yaml").write_text("coim: x\n", encoding="utf-8")
    git("add", "-A")
    git("commit", "-qm", "moved")
    for reference in ("HEAD", "HEAD~1"):
        assert "bitcoin_data_pipeline" not in command("diff", reference).stdout
    lines = command("diff", "HEAD").stdout.splitlines()
    assert any(line.startswith("dag_configs/majors/broken.yaml:1:1: coim: unknown key") for line in lines)
    assert any(line.startswith("HEAD:dag_configs/majors/broken.yaml:1:1: coim:") for line in lines)


def test_a_renamed_file_is_another_pipeline(folder: Path, command: Command) -> None:
    (folder / "bitcoin.yaml").rename(folder / "btc.yaml")
    heads = [line for line in command("diff", "HEAD").stdout.splitlines() if line[0] != " "]
    assert heads == ["removed  bitcoin  bitcoin_data_pipeline", "added    btc  btc_data_pipeline"]


def test_every_key_that_differs_shows_old_and_new(folder: Path, command: Command) -> None:
    (folder / "bitcoin.yaml").write_text(
        "spec_version: 1\ncoin: bitcoin\nschedule: 0 * * * *\nthresholds: {1h: 2.5, 24h: 8.0}\n"
        "windows: [1h]\nretries: 3\nowner: me\ns3: {bucket: new-bucket, prefix: a/b}\n",
        encoding="utf-8",
    )
    assert command("diff", "HEAD").stdout == (
        "changed  bitcoin  bitcoin_data_pipeline\n"
        "  schedule: '@hourly' -> 0 * * * *\n"
        "  owner: data-engineering -> me\n"
        "  windows: [24h, 7d] -> [1h]\n"
        "  thresholds.1h: 3 -> 2.5\n"
        "  s3.bucket: not set -> new-bucket\n"
        "  s3.prefix: not set -> a/b\n"
        "  s3.layout: not set -> complete\n"
    )


def test_a_change_of_the_defaults_shows_in_each_pipeline_that_it_reaches(
    folder: Path, command: Command, git: Git
) -> None:
    (folder / "ethereum.yaml").write_text(f"{ETHEREUM}vs_currency: usd\n", encoding="utf-8")
    (folder / "solana.yaml").write_text(ETHEREUM.replace("ethereum", "solana"), encoding="utf-8")
    git("add", "-A")
    git("commit", "-qm", "three pipelines")
    (folder / "_defaults.yaml").write_text("vs_currency: eur\n", encoding="utf-8")
    assert command("diff", "HEAD").stdout == (
        "changed  bitcoin  bitcoin_data_pipeline\n"
        "  vs_currency: usd -> eur\n"
        "changed  solana  solana_data_pipeline\n"
        "  vs_currency: usd -> eur\n"
    )


def test_other_words_for_the_same_are_no_change(folder: Path, command: Command) -> None:
    spec = folder / "bitcoin.yaml"
    spec.write_text(f"# a comment\n{spec.read_text('utf-8')}retries: 3\ns3: null\n", encoding="utf-8")
    assert command("diff", "--exit-code", "HEAD").exit_code == 0


def test_invalid_specs_are_listed_on_either_side(folder: Path, command: Command, git: Git) -> None:
    (folder / "ethereum.yaml").write_text("coin: [\n", encoding="utf-8")
    git("add", "-A")
    git("commit", "-qm", "broken")
    (folder / "ethereum.yaml").write_text(ETHEREUM, encoding="utf-8")
    (folder / "bitcoin.yaml").write_text("spec_version: 1\ncoin: bitcoin\nschedule: 5\n", encoding="utf-8")
    (folder / "solana.yaml").write_text(ETHEREUM.replace("ethereum", "solana"), encoding="utf-8")
    result = command("diff", "HEAD")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    unclosed = "a value is missing before this (close each [ with ] and each { with })"
    assert [line for line in lines if not line.startswith("  ")] == [
        "invalid  bitcoin  bitcoin_data_pipeline",
        "invalid  ethereum  ethereum_data_pipeline",
        "added    solana  solana_data_pipeline",
        f"HEAD:dag_configs/ethereum.yaml:2:1: {unclosed}",
        'dag_configs/bitcoin.yaml:3:1: schedule: 5 is not text (for example "@hourly" or "*/15 * * * *")',
    ]


def test_broken_defaults_make_nothing_seem_removed(folder: Path, command: Command) -> None:
    (folder / "_defaults.yaml").write_text("- a list\n", encoding="utf-8")
    assert command("diff", "HEAD").stdout == (
        "invalid  bitcoin  bitcoin_data_pipeline\n"
        "dag_configs/_defaults.yaml:1:1: must hold a mapping of keys to values\n"
    )


@pytest.mark.parametrize("change", ["add", "remove", "change", "break"])
def test_the_exit_code_tells_when_asked(folder: Path, command: Command, change: str) -> None:
    spec = folder / "bitcoin.yaml"
    if change == "add":
        (folder / "ethereum.yaml").write_text(ETHEREUM, encoding="utf-8")
    elif change == "remove":
        spec.unlink()
    else:
        spec.write_text(
            spec.read_text("utf-8") + ("owner: me\n" if change == "change" else "x: y\n"), encoding="utf-8"
        )
    assert command("diff", "HEAD").exit_code == 0
    assert command("diff", "HEAD", "--exit-code").exit_code == 1


@pytest.mark.usefixtures("repository")
def test_an_unknown_commit_is_one_line(command: Command) -> None:
    result = command("diff", "nope")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: git knows no commit 'nope' (a shallow clone has few of them; git fetch gets more)\n"
    )


@pytest.mark.usefixtures("repository")
def test_an_option_in_the_place_of_a_commit_is_refused(command: Command) -> None:
    result = command("diff", "--", "--output=x")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: '--output=x' can't name a commit")


def test_a_missing_folder_is_told(folder: Path, command: Command) -> None:
    (folder / "bitcoin.yaml").unlink()
    folder.rmdir()
    result = command("diff", "HEAD")
    assert result.stderr == f"Error: the folder of specs {folder} doesn't exist (set DAG_CONFIGS_DIR)\n"

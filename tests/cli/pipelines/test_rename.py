import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Command = Callable[..., Result]

OLD, NEW = Path("dag_configs", "bitcoin.yaml"), Path("dag_configs", "btc.yaml")


@pytest.fixture
def ran(project: Path, market: object, command: Command) -> Path:  # noqa: ARG001 (sets the scene)
    """A project whose pipeline has run once."""
    assert command("run", "bitcoin", "--at", "2018-02-05T14:00:00Z").exit_code == 0
    return project


@pytest.mark.usefixtures("ran")
def test_a_pipeline_whose_spec_is_renamed_goes_on_under_its_new_name(command: Command) -> None:
    OLD.rename(NEW)
    result = command("rename", "bitcoin", "btc")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "moved to data/btc_raw.csv",
        "moved to data/btc_processed.csv",
        "moved to data/archive/btc",
        "bitcoin is btc now; switch the DAG btc_data_pipeline on",
    ]
    assert command("verify", "btc").stdout == "btc: no differences\n"
    assert "already delivered" in command("run", "btc", "--at", "2018-02-05T14:00:00Z").stdout
    assert command("rename", "bitcoin", "btc").exit_code == 0


@pytest.mark.usefixtures("ran")
def test_the_spec_is_renamed_first(command: Command) -> None:
    result = command("rename", "bitcoin", "btc")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: bitcoin can't become btc: the spec bitcoin.yaml is there still "
        "(switch its DAG off, let its run end, then rename it to btc.yaml)\n"
    )
    NEW.write_text(OLD.read_text())
    both = command("rename", "bitcoin", "btc")
    assert both.stderr.endswith("then remove one of the two specs)\n")
    assert Path("data", "archive", "bitcoin").is_dir()


@pytest.mark.usefixtures("project")
def test_without_a_spec_of_the_new_name_nothing_happens(command: Command) -> None:
    OLD.unlink()
    assert "no spec for pipeline 'btc'" in command("rename", "bitcoin", "btc").stderr
    assert not Path("data").exists()


@pytest.mark.usefixtures("project")
def test_a_spec_that_shares_its_place_with_another_is_refused(command: Command) -> None:
    for name in ("a-b", "a_b"):
        Path("dag_configs", f"{name}.yaml").write_text(OLD.read_text())
    result = command("rename", "btc", "a-b")
    assert result.exit_code == 1
    assert "a-b.yaml:1:1: A_B_RAW_PATH would set the path of a_b.yaml too" in result.stderr


@pytest.mark.parametrize("names", [("../x", "btc"), ("bitcoin", "/etc/x"), ("bitcoin", "Btc"), ("x", "x")])
@pytest.mark.usefixtures("project")
def test_what_cannot_be_two_names_is_misuse(command: Command, names: tuple[str, str]) -> None:
    assert command("rename", *names).exit_code == 2


@pytest.mark.usefixtures("with_s3")
def test_objects_get_the_new_name_and_go_with_it(
    command: Command,
    objects: Callable[[], dict[str, bytes]],
    market: object,  # noqa: ARG001 (sets the scene)
) -> None:
    command("run", "bitcoin", "--at", "2018-02-05T14:00:00Z")
    before = objects()
    OLD.rename(NEW)
    renamed = command("rename", "bitcoin", "btc")
    assert (renamed.exit_code, renamed.stderr) == (0, "")
    assert renamed.stdout.splitlines()[-2:] == [
        "s3://my-bucket/crypto/bitcoin: published what was missing, deleted 3 objects of bitcoin",
        "bitcoin is btc now; switch the DAG btc_data_pipeline on",
    ]
    assert objects() == {
        key.replace("bitcoin_raw", "btc_raw").replace("bitcoin_processed", "btc_processed"): content
        for key, content in before.items()
    }
    assert re.search(
        r"^s3://my-bucket/crypto/bitcoin: 5 objects, [\d,]+ B$", command("remove", "btc").stdout, re.MULTILINE
    )
    assert command("remove", "btc", "--yes").exit_code == 0
    assert objects() == {}

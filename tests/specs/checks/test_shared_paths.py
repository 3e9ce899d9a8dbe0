from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline_lib.settings import Settings
from pipeline_lib.specs.checks.shared_paths import find_shared_paths

PROJECT = Path("/project")


def shared(environment: Mapping[str, str]) -> dict[str, str]:
    settings = Settings.from_environment(environment, project_folder=PROJECT)
    found = find_shared_paths(["bitcoin", "ethereum"], settings)
    return {name: diagnostic.message for name, diagnostic in found}


def given_to_both(path: str) -> dict[str, str]:
    return {
        "bitcoin": f"the environment gives {path} to ethereum.yaml too",
        "ethereum": f"the environment gives {path} to bitcoin.yaml too",
    }


def test_pipelines_share_no_path_of_their_own_accord() -> None:
    assert shared({}) == {}
    assert shared({"BITCOIN_RAW_PATH": "/a", "ETHEREUM_RAW_PATH": "/b", "SOLANA_RAW_PATH": "/a"}) == {}


@pytest.mark.parametrize(
    "path",
    [
        "/project/data/ethereum_raw.csv",
        "/project/DATA/Ethereum_RAW.csv",
        "/project/x/../data/ethereum_raw.csv",
    ],
)
def test_the_usual_path_of_another_is_taken(path: str) -> None:
    assert shared({"BITCOIN_RAW_PATH": path}) == given_to_both(path)


def test_one_path_given_to_two_is_found() -> None:
    assert shared({"BITCOIN_PROCESSED_PATH": "/a", "ETHEREUM_ARCHIVE_PATH": "/a"}) == given_to_both("/a")


def test_one_path_given_twice_to_one_is_found() -> None:
    assert shared({"BITCOIN_PROCESSED_PATH": "/a", "BITCOIN_RAW_PATH": "/a"}) == {
        "bitcoin": "the environment gives /a to two of its files"
    }


def test_a_relative_path_is_the_same_as_its_absolute_one() -> None:
    here = Path.cwd() / "log.csv"
    found = shared({"BITCOIN_RAW_PATH": "log.csv", "ETHEREUM_RAW_PATH": str(here)})
    assert found.keys() == {"bitcoin", "ethereum"}

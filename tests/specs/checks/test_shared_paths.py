from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline_lib.settings import Settings
from pipeline_lib.specs.checks.shared_paths import find_shared_paths

PROJECT = Path("/project")


def shared(environment: Mapping[str, str]) -> list[tuple[Path, tuple[str, ...]]]:
    settings = Settings.from_environment(environment, project_folder=PROJECT)
    return list(find_shared_paths(["bitcoin", "ethereum"], settings))


def test_pipelines_share_no_path_of_their_own_accord() -> None:
    assert shared({}) == []
    assert shared({"BITCOIN_RAW_PATH": "/a", "ETHEREUM_RAW_PATH": "/b", "SOLANA_RAW_PATH": "/a"}) == []


@pytest.mark.parametrize(
    "path",
    [
        "/project/data/ethereum_raw.csv",
        "/project/DATA/Ethereum_RAW.csv",
        "/project/x/../data/ethereum_raw.csv",
    ],
)
def test_the_usual_path_of_another_is_taken(path: str) -> None:
    assert shared({"BITCOIN_RAW_PATH": path}) == [(Path(path), ("bitcoin", "ethereum"))]


def test_one_path_given_to_two_is_found() -> None:
    assert shared({"BITCOIN_PROCESSED_PATH": "/a", "ETHEREUM_ARCHIVE_PATH": "/a"}) == [
        (Path("/a"), ("bitcoin", "ethereum"))
    ]


def test_one_path_given_twice_to_one_is_found() -> None:
    assert shared({"BITCOIN_PROCESSED_PATH": "/a", "BITCOIN_RAW_PATH": "/a"}) == [(Path("/a"), ("bitcoin",))]


def test_a_relative_path_is_the_same_as_its_absolute_one() -> None:
    here = Path.cwd() / "log.csv"
    assert len(shared({"BITCOIN_RAW_PATH": "log.csv", "ETHEREUM_RAW_PATH": str(here)})) == 1

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline_lib.settings import Settings
from pipeline_lib.specs.layout import Layout

MOMENT = datetime(2018, 2, 5, 14, 3, 9, tzinfo=UTC)


def _layout(name: str, environment: Mapping[str, str]) -> Layout:
    return Layout.of(name, Settings.from_environment(environment, project_folder=Path("project")))


def test_everything_lies_in_the_data_folder() -> None:
    assert _layout("bitcoin", {}) == Layout(
        raw_log=Path("project/data/bitcoin_raw.csv"),
        processed_table=Path("project/data/bitcoin_processed.csv"),
        archive=Path("project/data/archive/bitcoin"),
        manifests=Path("project/data/manifests/bitcoin"),
    )


def test_the_data_folder_can_be_moved() -> None:
    assert _layout("usd-coin", {"DATA_DIR": "elsewhere"}) == Layout(
        raw_log=Path("elsewhere/usd-coin_raw.csv"),
        processed_table=Path("elsewhere/usd-coin_processed.csv"),
        archive=Path("elsewhere/archive/usd-coin"),
        manifests=Path("elsewhere/manifests/usd-coin"),
    )


@pytest.mark.parametrize(
    ("variable", "attribute"),
    [("RAW_PATH", "raw_log"), ("PROCESSED_PATH", "processed_table"), ("ARCHIVE_PATH", "archive")],
)
@pytest.mark.parametrize(
    ("name", "prefix"),
    [("bitcoin", "BITCOIN"), ("usd-coin", "USD_COIN"), ("usd_coin", "USD_COIN"), ("0x", "0X")],
)
def test_each_place_can_be_moved_alone(name: str, prefix: str, variable: str, attribute: str) -> None:
    usual = _layout(name, {})
    moved = _layout(name, {f"{prefix}_{variable}": "elsewhere/place"})
    assert getattr(moved, attribute) == Path("elsewhere/place")
    others = {"raw_log", "processed_table", "archive", "manifests"} - {attribute}
    assert {other: getattr(moved, other) for other in others} == {
        other: getattr(usual, other) for other in others
    }


def test_a_place_of_one_pipeline_moves_no_other() -> None:
    environment = {"BITCOIN_RAW_PATH": "elsewhere/log.csv"}
    assert _layout("bitcoin-2", environment) == _layout("bitcoin-2", {})
    assert _layout("bitcoin", environment).raw_log == Path("elsewhere/log.csv")


def test_files_of_a_moment_are_named_by_it() -> None:
    layout = _layout("bitcoin", {"BITCOIN_ARCHIVE_PATH": "archive"})
    assert layout.snapshot_json(MOMENT) == Path("archive/20180205T140309Z.json")
    assert layout.snapshot_csv(MOMENT) == Path("archive/20180205T140309Z.csv")
    assert layout.snapshot_json(MOMENT, 2) == Path("archive/20180205T140309Z.2.json")
    assert layout.snapshot_csv(MOMENT, 12) == Path("archive/20180205T140309Z.12.csv")


def test_a_moment_in_another_zone_names_the_same_file() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-7)))
    layout = _layout("bitcoin", {})
    assert layout.snapshot_json(elsewhere) == layout.snapshot_json(MOMENT)

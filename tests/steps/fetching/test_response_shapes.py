"""Changed answers of the simulated market: told once, and in nobody's way."""

import json
from datetime import timedelta

import pytest

from pipeline_lib.model.outcome import Done
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.store.files import json_documents
from pipeline_lib.store.files.locking import exclusive
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)


def warned(world: World, hour: int, *faults: Fault) -> tuple[str, ...]:
    world.simulator.faults.add(*faults)
    outcome = world.fetch(CRASH + hour * HOUR)
    assert isinstance(outcome, Done)
    return outcome.warnings


def test_the_first_answer_sets_what_is_known(world: World) -> None:
    assert warned(world, 0) == ()
    document = json.loads((world.data / "response_shapes" / "coins_markets.json").read_bytes())
    assert document["fields"]["current_price"] == {"types": ["number"], "optional": False}
    assert document["fields"]["roi"] == {"types": [], "optional": False}
    assert warned(world, 1) == ()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(kind="replace_field", field="brand_new", value=1), "new field brand_new (number)"),
        (Fault(kind="missing_field", field="symbol"), "field symbol is gone"),
        (Fault(kind="replace_field", field="symbol", value=7), "field symbol is number, was string"),
    ],
)
def test_a_change_is_told_once_and_stops_nothing(world: World, fault: Fault, told: str) -> None:
    assert warned(world, 0) == ()
    assert warned(world, 1, fault) == (f"CoinGecko's /coins/markets has changed: {told}",)
    assert warned(world, 2, fault) == ()
    assert warned(world, 3) == ()
    assert world.files()["btc_raw.csv"].count(b"\n") == 5


def test_a_null_is_no_change(world: World) -> None:
    assert warned(world, 0) == ()
    assert warned(world, 1, Fault(kind="null_field", field="market_cap")) == ()


def test_a_spoilt_file_is_made_anew(world: World) -> None:
    path = world.data / "response_shapes" / "coins_markets.json"
    path.parent.mkdir(parents=True)
    for content in ("{torn", "[1]"):
        path.write_text(content)
        assert warned(world, 0) == ()
        (world.data / "archive" / "btc" / "20180205T140000Z.json").unlink()
        assert "current_price" in json.loads(path.read_bytes())["fields"]


def test_what_cant_be_compared_is_told_and_stops_nothing(world: World) -> None:
    world.data.mkdir()
    (world.data / "response_shapes").write_text("a file in the place of the folder")
    (warning,) = warned(world, 0)
    assert warning.startswith("the shape of CoinGecko's answer could not be compared: ")
    assert b"7202.50" in world.files()["btc_raw.csv"]


def test_another_process_is_not_waited_for_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_documents, "_LONGEST_WAIT_SECONDS", 0.05)
    with exclusive(world.data / "response_shapes" / "coins_markets.json"):
        (warning,) = warned(world, 0)
    assert "is locked by another process" in warning

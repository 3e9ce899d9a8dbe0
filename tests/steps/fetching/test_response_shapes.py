"""Changed answers of the simulated market: told once, and in nobody's way."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from pipeline_lib.database.market.documents import read_document
from pipeline_lib.errors import DatabaseUnavailableError
from pipeline_lib.model.outcome import Done
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.steps.fetching import response_shapes
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)


def warned(world: World, hour: int, *faults: Fault) -> tuple[str, ...]:
    world.simulator.faults.add(*faults)
    outcome = world.fetch(CRASH + hour * HOUR)
    assert isinstance(outcome, Done)
    return outcome.warnings


def known(world: World) -> Any:  # noqa: ANN401 (JSON)
    with world.services.database.reading() as connection:
        document: Any = read_document(connection, "shape of /coins/markets")
    return document["fields"]


def test_the_first_answer_sets_what_is_known(world: World) -> None:
    assert warned(world, 0) == ()
    assert known(world)["current_price"] == {"types": ["number"], "optional": False}
    assert known(world)["roi"] == {"types": [], "optional": False}
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


@pytest.mark.parametrize("content", ["{torn", "[1]"])
def test_a_spoilt_document_is_made_anew(world: World, content: str) -> None:
    assert warned(world, 0) == ()
    with world.services.database.writing() as connection:
        connection.execute(text("UPDATE known_documents SET content = :content"), {"content": content})
    assert warned(world, 1) == ()
    assert "current_price" in known(world)


def test_what_cant_be_compared_is_told_and_stops_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise DatabaseUnavailableError("the database is locked by another process")

    monkeypatch.setattr(response_shapes, "change_document", locked)
    assert warned(world, 0) == (
        "the shape of CoinGecko's answer could not be compared: the database is locked by another process",
    )
    assert b"7202.50" in world.files()["btc_raw.csv"]

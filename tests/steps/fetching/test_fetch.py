"""``fetch_and_save_price`` against the simulated market."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from pipeline_lib import steps
from pipeline_lib.errors import (
    InvalidQuoteError,
    MomentMismatchError,
    RequestRefusedError,
    SnapshotDamagedError,
    UnknownCoinError,
)
from pipeline_lib.model.outcome import Done
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.specs import OneCoin
from pipeline_lib.steps import Run
from pipeline_lib.steps.archiving.manifests import open_manifest
from tests.steps.world import CRASH, World

HEADER = (
    b"timestamp,coin,vs_currency,price,change_1h_percent,change_24h_percent,"
    b"market_cap,total_volume,last_updated\n"
)
ROW = (
    b"2018-02-05T14:00:00Z,bitcoin,usd,7202.50,-9.985627694807224,-9.996875976257419,"
    b"141169000000,1062,2018-02-05T14:00:00Z\n"
)
JSON = "archive/btc/20180205T140000Z.json"
CSV = "archive/btc/20180205T140000Z.csv"
LOG = "btc_raw.csv"
NOTE = ".btc_raw.csv.progress"
KEEPER = "archive/btc/keeper"

FETCHED = "bitcoin 7202.50 USD (1h -9.99 %, 24h -10.00 %) at 2018-02-05T14:00:00Z"


def kinds(world: World) -> list[str]:
    """What is wrong with the answers in the quarantine, where nothing else was stored."""
    assert world.files() == {}
    return [each.refused.kind for each in world.quarantined()]


def test_a_price_is_archived_and_logged(world: World) -> None:
    assert world.fetch(CRASH) == Done(f"{FETCHED}; btc_raw.csv: 225 B")
    files = world.files()
    assert sorted(files) == [CSV, JSON, KEEPER, LOG]
    with world.services.database.reading() as connection:
        manifest = open_manifest(connection, "btc")
    assert manifest is not None
    assert manifest.content.decode() == (
        f"# first\n{sha256(files[JSON]).hexdigest()}  20180205T140000Z.json\n"
        f"{sha256(files[CSV]).hexdigest()}  20180205T140000Z.csv\n"
    )
    assert files[LOG] == files[CSV] == HEADER + ROW
    document = json.loads(files[JSON])
    assert document["observations"][0]["price"] == "7202.50"
    assert document["observations"][0]["last_updated"] == "2018-02-05T14:00:00Z"
    answer = files[JSON].split(b'\n "answers": [\n')[1].partition(b"\n ],\n")[0]
    assert document["sources"][0] == {
        "kind": "coingecko_quote",
        "url": f"{world.simulator.base_url}/coins/markets"
        "?vs_currency=usd&ids=bitcoin&per_page=250&price_change_percentage=1h%2C24h",
        "requested_at": "2026-01-02T03:04:05Z",
        "status": 200,
        "sha256": sha256(answer).hexdigest(),
        "bytes": len(answer),
    }
    assert b'"current_price":7202.50,' in files[JSON]


def test_a_second_run_of_the_moment_asks_nobody_and_changes_nothing(world: World) -> None:
    world.fetch(CRASH)
    before = world.files()
    # The market now has another quote, which would do as well.
    world.simulator.clock.set(CRASH + timedelta(minutes=5))
    again = steps.fetch_and_save_price(world.spec, Run(CRASH), world.services)
    assert again == Done(f"{FETCHED}, as archived before; btc_raw.csv: 225 B")
    assert world.files() == before
    assert len(world.simulator.requests) == 1


@pytest.mark.parametrize("lost", [[LOG], [CSV, LOG], [CSV]])
def test_a_retry_after_a_kill_ends_in_the_same_bytes(world: World, lost: list[str]) -> None:
    world.fetch(CRASH - timedelta(hours=1))
    earlier = {name: (world.data / name).read_bytes() for name in (LOG, NOTE)}
    world.fetch(CRASH)
    before = world.files()
    for name in lost:
        (world.data / name).unlink()
    if LOG in lost:
        for name, content in earlier.items():
            (world.data / name).write_bytes(content)
    # The market has moved on; the archive is the truth.
    world.simulator.clock.set(CRASH + timedelta(hours=2))
    steps.fetch_and_save_price(world.spec, Run(CRASH), world.services)
    assert world.files() == before
    assert len(world.simulator.requests) == 2


def test_a_retry_after_a_kill_in_the_middle_of_a_row_ends_in_the_same_bytes(world: World) -> None:
    world.fetch(CRASH)
    before = world.files()
    for length in (0, 1, len(HEADER) - 1, len(HEADER), len(HEADER) + 30, len(HEADER + ROW) - 1):
        (world.data / LOG).write_bytes((HEADER + ROW)[:length])
        (world.data / NOTE).unlink()
        steps.fetch_and_save_price(world.spec, Run(CRASH), world.services)
        assert world.files() == before


@pytest.mark.parametrize("minutes", [-11, -24 * 60])
def test_a_quote_from_before_the_moment_stores_nothing(world: World, minutes: int) -> None:
    world.simulator.clock.set(CRASH + timedelta(minutes=minutes))
    with pytest.raises(MomentMismatchError) as caught:
        steps.fetch_and_save_price(world.spec, Run(CRASH), world.services)
    assert caught.value.moment == "2018-02-05T14:00:00Z"
    assert caught.value.hint == (
        "where CoinGecko updates this coin less often, raise quality.max_age in the spec (now 600 s)"
    )
    assert kinds(world) == ["moment-mismatch"]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_quote_within_the_freshness_limit_is_the_observation(world: World, minutes: int) -> None:
    world.simulator.clock.set(CRASH + timedelta(minutes=minutes))
    steps.fetch_and_save_price(world.spec, Run(CRASH), world.services)
    quoted = CRASH + timedelta(minutes=minutes)
    assert world.files()[LOG].endswith(f",{quoted:%Y-%m-%dT%H:%M:%SZ}\n".encode())


@pytest.mark.parametrize("value", [0, -1, None, "7202.50", True])
def test_a_price_that_cannot_be_one_stores_nothing(world: World, value: str | int | None) -> None:
    world.simulator.faults.add(Fault(kind="replace_field", field="current_price", value=value))
    with pytest.raises(InvalidQuoteError) as caught:
        world.fetch(CRASH)
    assert (caught.value.coin, caught.value.field) == ("bitcoin", "current_price")
    assert kinds(world) == ["invalid-quote"]


def test_an_unknown_coin_stores_nothing(world: World) -> None:
    other = world.with_spec(lambda spec: replace(spec, coins=OneCoin("bitcoin-2")))
    with pytest.raises(UnknownCoinError, match="no coin with the id 'bitcoin-2'"):
        other.fetch(CRASH)
    assert kinds(world) == ["unknown-coin"]


def test_a_refused_request_stores_nothing(world: World) -> None:
    world.simulator.faults.add(Fault(kind="status", status=401, error_code=10002))
    with pytest.raises(RequestRefusedError) as caught:
        world.fetch(CRASH)
    assert (caught.value.status, caught.value.error_code) == (401, 10002)
    assert world.files() == {}


def test_a_busy_market_is_asked_again(world: World) -> None:
    world.simulator.faults.add(Fault(kind="status", status=429, retry_after=0, times=3))
    world.fetch(CRASH)
    assert world.files()[LOG] == HEADER + ROW
    assert len(world.simulator.requests) == 4


@pytest.mark.parametrize("column", ["1h", "24h"])
def test_an_unknown_move_is_stored_as_unknown(world: World, column: str) -> None:
    field = f"price_change_percentage_{column}_in_currency"
    world.simulator.faults.add(Fault(kind="null_field", field=field))
    world.fetch(CRASH)
    known = b"-9.985627694807224" if column == "1h" else b"-9.996875976257419"
    assert world.files()[LOG] == HEADER + ROW.replace(known, b"")


def test_a_damaged_snapshot_is_not_fetched_over(world: World) -> None:
    world.fetch(CRASH)
    path = world.data / JSON
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"7202.50,", b"9202.50,"))
    before = world.files()
    with pytest.raises(SnapshotDamagedError, match="its SHA-256 doesn't fit"):
        world.fetch(CRASH)
    assert world.files() == before
    assert len(world.simulator.requests) == 1


def test_a_foreign_log_is_a_warning_and_left_as_it_is(world: World) -> None:
    world.data.mkdir()
    (world.data / LOG).write_bytes(b"other\n")
    outcome = world.fetch(CRASH)
    assert isinstance(outcome, Done)
    assert outcome.warnings[-1] == (
        f"btc: {world.data / LOG}, line 1: the header is not {HEADER.decode().strip()}; the file is "
        "left as it is (coin-pipelines export btc --rewrite makes it anew from the database)"
    )
    assert world.files()[LOG] == b"other\n"
    (world.data / LOG).unlink()
    world.fetch(CRASH)
    assert world.files()[LOG] == HEADER + ROW
    assert len(world.simulator.requests) == 1

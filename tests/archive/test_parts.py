import json
import os
import stat
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.archive import format_1, format_2
from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.part import Head, Part
from pipeline_lib.archive.parts import (
    PartKey,
    add_snapshots,
    archived_parts,
    complete_part,
    find_snapshot,
    read_part,
    read_parts,
    read_recorded,
    record_of,
)
from pipeline_lib.archive.rows import HEADER, encode_row
from pipeline_lib.archive.store import Archive, FolderArchive
from pipeline_lib.errors import SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.model.observation import Archived, Snapshot
from tests.archive.memory import MemoryArchive

JSON, CSV = "20180205T140000Z.json", "20180205T140000Z.csv"
JSON_2, CSV_2 = "20180205T140000Z.2.json", "20180205T140000Z.2.csv"

Of = Callable[..., Snapshot]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture(params=["folder", "memory"])
def archive(request: pytest.FixtureRequest, folder: Path) -> Archive:
    return FolderArchive(folder) if request.param == "folder" else MemoryArchive()


@pytest.fixture
def of(snapshot: Snapshot) -> Of:
    """A snapshot of a coin, at a price."""

    def of(coin: str, price: str = "1.0") -> Snapshot:
        observation = replace(snapshot.observation, coin=coin, price=Decimal(price))
        return Snapshot(observation, replace(snapshot.provenance, answer=f'{{"id": "{coin}", "p": {price}}}'))

    return of


def _coins(parts: Sequence[Part]) -> list[list[str]]:
    return [[each.observation.coin for each in part.snapshots] for part in parts]


def test_a_part_is_one_json_file_and_one_csv_file_that_nobody_may_write_to(folder: Path, of: Of) -> None:
    snapshots = [of("ethereum"), of("bitcoin")]
    (part,) = add_snapshots(FolderArchive(folder), "majors", snapshots)
    assert part == Part("majors", 1, (of("bitcoin"), of("ethereum")))
    assert (folder / JSON).read_bytes() == format_2.encode(part)
    rows = encode_row(of("bitcoin").observation) + encode_row(of("ethereum").observation)
    assert (folder / CSV).read_text(encoding="utf-8") == HEADER + rows
    assert sorted(path.name for path in folder.iterdir()) == [CSV, JSON]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_what_is_read_is_what_was_written(archive: Archive, of: Of, snapshot: Snapshot) -> None:
    moment = snapshot.observation.moment
    parts = add_snapshots(archive, "majors", [of("bitcoin"), of("ethereum")])
    assert read_parts(archive, moment) == parts
    assert read_part(archive, moment, 1) == parts[0]
    assert read_part(archive, moment, 2) is None
    assert read_parts(archive, moment + timedelta(seconds=1)) == ()


def test_a_second_write_changes_no_byte(folder: Path, of: Of) -> None:
    archive = FolderArchive(folder)
    first = add_snapshots(archive, "majors", [of("bitcoin")])
    before = {path: (path.read_bytes(), path.stat()) for path in folder.iterdir()}
    assert add_snapshots(archive, "majors", [of("bitcoin")]) == first
    assert add_snapshots(archive, "majors", [of("bitcoin", "2.0")]) == first
    assert {path: (path.read_bytes(), path.stat()) for path in folder.iterdir()} == before


def test_coins_that_come_later_are_a_part_of_their_own_and_the_lowest_part_counts(
    archive: Archive, of: Of
) -> None:
    add_snapshots(archive, "majors", [of("bitcoin", "1.0")])
    parts = add_snapshots(archive, "majors", [of("xrp"), of("bitcoin", "2.0"), of("ethereum")])
    assert [part.number for part in parts] == [1, 2]
    assert _coins(parts) == [["bitcoin"], ["ethereum", "xrp"]]
    assert find_snapshot(parts, "bitcoin", "usd") == of("bitcoin", "1.0")
    assert find_snapshot(parts, "xrp", "usd") == of("xrp")
    assert find_snapshot(parts, "xrp", "eur") is None
    assert find_snapshot(parts, "solana", "usd") is None
    assert sorted(archive.names()) == [CSV_2, JSON_2, CSV, JSON]
    assert _coins(add_snapshots(archive, "majors", [of("solana")]))[2:] == [["solana"]]


def test_a_part_that_holds_a_coin_again_doesnt_count_for_it(archive: Archive, of: Of) -> None:
    # Another version might write such a part; the lower one wins all the same.
    for number, price in ((1, "1.0"), (2, "2.0")):
        part = Part("majors", number, (of("bitcoin", price),))
        archive.create(JSON if number == 1 else JSON_2, format_2.encode(part))
    parts = read_parts(archive, of("bitcoin").observation.moment)
    assert find_snapshot(parts, "bitcoin", "usd") == of("bitcoin", "1.0")


def test_the_same_coin_in_another_currency_is_another_series(archive: Archive, of: Of) -> None:
    add_snapshots(archive, "majors", [of("bitcoin")])
    euros = of("bitcoin")
    euros = replace(euros, observation=replace(euros.observation, vs_currency="eur"))
    assert [part.vs_currency for part in add_snapshots(archive, "majors", [euros])] == ["usd", "eur"]


def test_a_snapshot_of_the_first_format_is_part_1(archive: Archive, of: Of) -> None:
    archive.create(JSON, format_1.encode(of("bitcoin")))
    parts = add_snapshots(archive, "majors", [of("bitcoin", "2.0"), of("ethereum")])
    assert parts == (Part(None, 1, (of("bitcoin"),)), Part("majors", 2, (of("ethereum"),)))
    assert archive.read(CSV, 1000) == (HEADER + encode_row(of("bitcoin").observation)).encode()


def test_a_missing_csv_is_made_from_the_archived_json(archive: Archive, of: Of) -> None:
    part = Part("majors", 1, (of("bitcoin"),))
    archive.create(JSON, format_2.encode(part))
    # Killed between the two files, a retry finds another price; the archived one counts.
    assert add_snapshots(archive, "majors", [of("bitcoin", "2.0")]) == (part,)
    assert archive.read(CSV, 1000) == (HEADER + encode_row(of("bitcoin").observation)).encode()


def test_a_csv_that_is_there_stays_as_it_is(archive: Archive, of: Of) -> None:
    archive.create(CSV, b"earlier")
    complete_part(archive, Part("majors", 1, (of("bitcoin"),)))
    assert archive.read(CSV, 1000) == b"earlier"


@given(
    rounds=st.lists(
        st.sets(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1, max_size=4), min_size=1, max_size=6
    )
)
def test_however_coins_come_each_stands_in_the_first_part_that_had_it(rounds: list[set[str]]) -> None:
    archive = MemoryArchive()
    expected: dict[str, int] = {}
    for number, coins in enumerate(rounds):
        snapshots: list[Archived] = [_at_price(coin, number + 1) for coin in coins]
        parts = add_snapshots(archive, "majors", snapshots)
        expected |= dict.fromkeys(coins - expected.keys(), number + 1)
    found = {each.observation.coin: each.observation.price for part in parts for each in part.snapshots}
    assert found == expected
    assert sum(map(len, _coins(parts))) == len(expected)
    assert [key.number for key in archived_parts(archive)] == [part.number for part in parts]


def _at_price(coin: str, price: int) -> Snapshot:
    (base,) = format_1.decode(_WRITTEN).snapshots
    assert isinstance(base, Snapshot)
    return replace(base, observation=replace(base.observation, coin=coin, price=Decimal(price)))


_WRITTEN = b"""{
 "format": 1,
 "observation": {"timestamp": "2018-02-05T14:00:00Z", "coin": "bitcoin", "vs_currency": "usd", \
"price": "1", "change_1h_percent": "", "change_24h_percent": "", \
"market_cap": "", "total_volume": "", "last_updated": "2018-02-05T13:59:47Z"},
 "source": {"url": "https://example.invalid/", "requested_at": "2018-02-05T14:00:03Z", "status": 200, \
"sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
 "answer": {}
}
"""


def test_of_many_writers_at_once_each_coin_is_archived_once(folder: Path, of: Of) -> None:
    coins = [f"coin-{number}" for number in range(6)]

    def write(first: int) -> None:
        add_snapshots(FolderArchive(folder), "majors", [of(coin) for coin in coins[first : first + 3]])

    threads = [threading.Thread(target=write, args=(number % 4,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parts = read_parts(FolderArchive(folder), of("x").observation.moment)
    assert sorted(coin for part in _coins(parts) for coin in part) == coins
    assert [path for path in folder.iterdir() if path.suffix == ".tmp"] == []


def test_a_part_of_another_moment_or_number_is_refused(archive: Archive, of: Of) -> None:
    later = of("bitcoin").observation.moment + timedelta(hours=1)
    moved = replace(of("bitcoin"), observation=replace(of("bitcoin").observation, moment=later))
    archive.create(JSON, format_2.encode(Part("majors", 2, (moved,))))
    reason = "it is part 2 of 2018-02-05T15:00:00Z"
    with pytest.raises(SnapshotDamagedError, match=reason) as caught:
        read_part(archive, of("bitcoin").observation.moment, 1)
    assert caught.value.path == archive.location(JSON)
    with pytest.raises(SnapshotDamagedError, match=reason):
        add_snapshots(archive, "majors", [of("bitcoin")])
    assert list(archive.names()) == [JSON]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b"not JSON", b'{\n "format": 1,'])
def test_a_file_that_is_no_part_is_never_fetched_over(archive: Archive, of: Of, content: bytes) -> None:
    archive.create(JSON, content)
    with pytest.raises(SnapshotDamagedError, match="move it away to fetch anew"):
        read_parts(archive, of("bitcoin").observation.moment)
    with pytest.raises(SnapshotDamagedError, match="is damaged"):
        add_snapshots(archive, "majors", [of("bitcoin")])
    assert archive.read(JSON, 100) == content
    assert list(archive.names()) == [JSON]


def test_a_file_of_any_length_is_read_within_a_bound(
    folder: Path, of: Of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_lib.archive.parts.MOST_BYTES", 10_000)
    folder.mkdir()
    with (folder / JSON).open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(SnapshotDamagedError, match="it is longer than 10000 bytes"):
        read_part(FolderArchive(folder), of("bitcoin").observation.moment, 1)


@pytest.mark.parametrize("encode", ["format_1", "format_2"])
def test_a_recorded_part_is_proved_by_its_hash_alone(archive: Archive, of: Of, encode: str) -> None:
    snapshot = of("bitcoin")
    content = (
        format_1.encode(snapshot) if encode == "format_1" else format_2.encode(Part("m", 1, (snapshot,)))
    )
    archive.create(JSON, content)
    archive.create(CSV, b"any")
    moment = snapshot.observation.moment
    record = record_of(archive, moment, 1)
    assert record == Record(moment, sha256(content).hexdigest(), sha256(b"any").hexdigest(), 1)
    assert read_recorded(archive, record) == Head((snapshot.observation,), snapshot.provenance.requested_at)
    with pytest.raises(SnapshotDamagedError, match="as archived"):
        read_recorded(archive, record._replace(json_sha256="0" * 64))
    with pytest.raises(SnapshotMissingError, match=r"there is no snapshot .*20180205T140000Z\.2\.json"):
        read_recorded(archive, record._replace(part=2))


def test_a_part_without_its_csv_cant_be_recorded(archive: Archive, of: Of) -> None:
    archive.create(JSON, format_2.encode(Part("majors", 1, (of("bitcoin"),))))
    with pytest.raises(SnapshotMissingError, match=r"20180205T140000Z\.csv"):
        record_of(archive, of("bitcoin").observation.moment, 1)


def test_only_files_named_as_parts_are_parts(archive: Archive, of: Of) -> None:
    moment = of("bitcoin").observation.moment
    for name in (
        JSON_2,
        JSON,
        CSV,
        "keeper",
        "20180205T140000Z.1x.json",
        "20180205T140000Z.1.json",
        "20180205T140000Z.02.json",
        "20180204T140000Z.12.json",
        "a.json",
    ):
        archive.create(name, b"")
    day = timedelta(days=1)
    assert archived_parts(archive) == [PartKey(moment - day, 12), PartKey(moment, 1), PartKey(moment, 2)]


def test_a_full_disk_leaves_no_part(folder: Path, of: Of, monkeypatch: pytest.MonkeyPatch) -> None:
    really_write, room = os.write, 700

    def write(descriptor: int, content: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        written = really_write(descriptor, content[:room])
        room -= written
        return written

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            add_snapshots(FolderArchive(folder), "majors", [of("bitcoin")])
    assert list(folder.iterdir()) == []
    assert _coins(add_snapshots(FolderArchive(folder), "majors", [of("bitcoin")])) == [["bitcoin"]]


def test_a_part_is_plain_json(folder: Path, of: Of) -> None:
    add_snapshots(FolderArchive(folder), "majors", [of("bitcoin", "6955.270")])
    document = json.loads((folder / JSON).read_bytes())
    assert document["answers"] == [{"id": "bitcoin", "p": 6955.27}]

import json
import stat
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from pipeline_lib.archive.snapshots import (
    complete_snapshot,
    encode_snapshot,
    find_snapshot,
    read_snapshot,
    write_snapshot,
)
from pipeline_lib.errors import SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.log.raw_rows import HEADER, encode_row

JSON = "20180205T140000Z.json"
CSV = "20180205T140000Z.csv"
GOLDEN = """{
 "format": 1,
 "observation": {"timestamp": "2018-02-05T14:00:00Z", "coin": "bitcoin", "vs_currency": "usd", \
"price": "6955.270", "change_1h_percent": "-8.16", "change_24h_percent": "", \
"market_cap": "117240543210", "total_volume": "", "last_updated": "2018-02-05T13:59:47Z"},
 "source": {"url": "https://example.invalid/api/v3/coins/markets?vs_currency=usd&ids=bitcoin", \
"requested_at": "2018-02-05T14:00:03Z", "status": 200, "sha256": "%s"},
 "answer": {"id": "bitcoin", "current_price":6955.270,\t"name": "\\u0042itcoin ₿"}
}
"""


def _other(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, observation=replace(snapshot.observation, price=Decimal(1)))


def test_the_bytes_of_a_snapshot(layout: Layout, snapshot: Snapshot) -> None:
    assert write_snapshot(layout, snapshot) == snapshot
    content = GOLDEN % sha256(snapshot.provenance.answer.encode()).hexdigest()
    assert (layout.archive / JSON).read_text(encoding="utf-8") == content
    assert (layout.archive / CSV).read_text(encoding="utf-8") == HEADER + encode_row(snapshot.observation)
    assert sorted(path.name for path in layout.archive.iterdir()) == [CSV, JSON]
    assert {stat.S_IMODE(path.stat().st_mode) for path in layout.archive.iterdir()} == {0o444}


def test_a_snapshot_is_plain_json(layout: Layout, snapshot: Snapshot) -> None:
    write_snapshot(layout, snapshot)
    document = json.loads((layout.archive / JSON).read_bytes())
    assert list(document) == ["format", "observation", "source", "answer"]
    assert document["answer"] == {"id": "bitcoin", "current_price": 6955.27, "name": "Bitcoin ₿"}


def test_what_is_read_is_what_was_written(layout: Layout, snapshot: Snapshot) -> None:
    write_snapshot(layout, snapshot)
    assert read_snapshot(layout, snapshot.observation.moment) == snapshot


def test_a_second_write_changes_no_byte(layout: Layout, snapshot: Snapshot) -> None:
    write_snapshot(layout, snapshot)
    before = {path: (path.read_bytes(), path.stat()) for path in layout.archive.iterdir()}
    assert write_snapshot(layout, snapshot) == snapshot
    assert write_snapshot(layout, _other(snapshot)) == snapshot
    assert {path: (path.read_bytes(), path.stat()) for path in layout.archive.iterdir()} == before


def test_a_missing_csv_is_made_from_the_archived_json(layout: Layout, snapshot: Snapshot) -> None:
    write_snapshot(layout, snapshot)
    before = (layout.archive / CSV).read_bytes()
    (layout.archive / CSV).unlink()
    # Killed between the two files, a retry finds another price; the archived one counts.
    assert write_snapshot(layout, _other(snapshot)) == snapshot
    assert (layout.archive / CSV).read_bytes() == before


def test_a_csv_that_is_there_stays_as_it_is(layout: Layout, snapshot: Snapshot) -> None:
    layout.archive.mkdir(parents=True)
    (layout.archive / CSV).write_bytes(b"earlier")
    complete_snapshot(layout, snapshot.observation)
    assert (layout.archive / CSV).read_bytes() == b"earlier"


def test_a_moment_without_snapshot_is_told(layout: Layout, snapshot: Snapshot) -> None:
    moment = snapshot.observation.moment
    assert find_snapshot(layout, moment) is None
    with pytest.raises(SnapshotMissingError, match="there is no snapshot") as caught:
        read_snapshot(layout, moment)
    assert caught.value.path == layout.archive / JSON


def test_a_snapshot_of_another_moment_is_refused(layout: Layout, snapshot: Snapshot) -> None:
    later = replace(snapshot.observation, moment=snapshot.observation.moment + timedelta(hours=1))
    layout.archive.mkdir(parents=True)
    (layout.archive / JSON).write_bytes(encode_snapshot(replace(snapshot, observation=later)))
    for use in (find_snapshot, read_snapshot):
        with pytest.raises(SnapshotDamagedError, match="it is of 2018-02-05T15:00:00Z") as caught:
            use(layout, snapshot.observation.moment)
        assert caught.value.path == layout.archive / JSON
    with pytest.raises(SnapshotDamagedError, match="it is of 2018-02-05T15:00:00Z"):
        write_snapshot(layout, snapshot)
    assert [path.name for path in layout.archive.iterdir()] == [JSON]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b"not JSON"])
def test_a_file_that_is_no_snapshot_is_never_fetched_over(
    layout: Layout, snapshot: Snapshot, content: bytes
) -> None:
    layout.archive.mkdir(parents=True)
    (layout.archive / JSON).write_bytes(content)
    with pytest.raises(SnapshotDamagedError, match="move it away to fetch anew"):
        find_snapshot(layout, snapshot.observation.moment)
    with pytest.raises(SnapshotDamagedError, match="is damaged"):
        write_snapshot(layout, snapshot)
    assert (layout.archive / JSON).read_bytes() == content
    assert [path.name for path in layout.archive.iterdir()] == [JSON]

"""Years of hours on disk, as runs leave them, for the other benchmarks of this folder."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from pipeline_lib.archive import format_2
from pipeline_lib.archive.manifest import Link, Record, encode_link, encode_record
from pipeline_lib.archive.part import Part
from pipeline_lib.model.observation import Observation, Provenance, Snapshot
from pipeline_lib.simulator.market.generator import SERIES_START, GeneratedSeries
from pipeline_lib.specs import Window
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.manifests import manifest_path
from pipeline_lib.steps.statistics_files import rebuild_processed_table
from pipeline_lib.store.log import log_index
from pipeline_lib.store.log.log_index import LogIndex
from pipeline_lib.store.log.raw_rows import HEADER, encode_row

TEN_YEARS = 87_600
WINDOWS = (Window("24h", timedelta(hours=24)), Window("7d", timedelta(days=7)))

# As long as what CoinGecko says of a coin.
_ANSWER = '{{"id": "bitcoin", "symbol": "btc", "current_price": {price}, "filler": "{filler}"}}'


def observations(hours: int) -> Iterator[Observation]:
    """So many hours of generated prices; the source gave no moves, so all are computed."""
    for quote in GeneratedSeries("bitcoin", 0).between(
        SERIES_START, SERIES_START + timedelta(hours=hours - 1)
    ):
        yield Observation(
            "bitcoin", "usd", quote.time, quote.price, None, None, None, quote.volume, quote.time
        )


def snapshot_of(observation: Observation) -> Snapshot:
    """The hour as it is archived, a kilobyte each."""
    answer = _ANSWER.format(price=observation.price, filler="x" * 600)
    url = "https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd&ids=bitcoin"
    return Snapshot(observation, Provenance(url, observation.moment, 200, answer))


def write_history(layout: Layout, hours: int) -> None:
    """Archive, manifests, log and table of so many hours, written without the waits for the disk."""
    layout.archive.mkdir(parents=True)
    layout.manifests.mkdir(parents=True)
    rows = list(observations(hours))
    previous = None
    for day, of_day in groupby(rows, lambda row: row.moment.date()):
        content = encode_link(previous)
        newest = day.isoformat().encode() + b"\n" + content
        for row in of_day:
            json = format_2.encode(Part("bitcoin", 1, (snapshot_of(row),)))
            csv = (HEADER + encode_row(row)).encode()
            layout.snapshot_json(row.moment).write_bytes(json)
            layout.snapshot_csv(row.moment).write_bytes(csv)
            json_sha256, csv_sha256 = (hashlib.sha256(each).hexdigest() for each in (json, csv))
            content += encode_record(Record(row.moment, json_sha256, csv_sha256))
        manifest_path(layout.manifests, day).write_bytes(content)
        previous = Link(day, hashlib.sha256(content).hexdigest())
    (layout.manifests / "newest").write_bytes(newest)
    lines = [encode_row(row).encode() for row in rows]
    layout.raw_log.write_bytes(HEADER.encode() + b"".join(lines))
    log_index.write(layout.raw_log, LogIndex.of_rows(lines, len(HEADER)))
    rebuild_processed_table(layout, WINDOWS)

"""Years of hours on disk, as runs leave them, for the other benchmarks of this folder."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, islice

from pipeline_lib.archive import format_2
from pipeline_lib.archive.manifest import Link, Record, encode_link, encode_record
from pipeline_lib.archive.part import Part
from pipeline_lib.archive.rows import HEADER, encode_row
from pipeline_lib.common.secret import Secret
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import schema, tables
from pipeline_lib.database.arrivals import ArchivedPart, chained
from pipeline_lib.database.engine import bulk
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import NO_CHAIN, ensure_pipeline, ensure_series
from pipeline_lib.model.observation import Observation, Provenance, Snapshot
from pipeline_lib.simulator.market.generator import SERIES_START, GeneratedSeries
from pipeline_lib.specs import Window
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.archiving.manifests import manifest_path

PIPELINE = "bitcoin"
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
    """Archive, manifests and raw log of so many hours, written without the waits for the disk."""
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


def fill_database(address: Secret, hours: int) -> int:
    """Migrate a database and enter arrivals and observations of so many hours; the key of their series."""
    with closing(Database(address)) as database:
        schema.upgrade(database)
        with database.writing() as connection:
            pipeline = ensure_pipeline(connection, PIPELINE)
            series = ensure_series(connection, pipeline, [PIPELINE], "usd")[PIPELINE]
            unknown = (None, None, None)
            chain, day, number, remaining = NO_CHAIN, None, 0, observations(hours)
            while rows := list(islice(remaining, 10_000)):
                arrived = []
                for row in rows:
                    archived = _archived(row)
                    chain = chained(chain, archived)
                    day, number = datetime.combine(row.moment.date(), time(), UTC), number + 1
                    hashes = (archived.json_sha256, archived.csv_sha256, chain)
                    came = (format_moment(day), False, format_moment(row.moment), None)
                    arrived.append((pipeline, number, format_moment(row.moment), 1, *hashes, *came))
                first = number - len(rows) + 1
                observed = [
                    (series, moment, place, 1, f"{row.price:f}", *unknown, f"{row.total_volume:f}", moment)
                    for place, row in enumerate(rows, first)
                    for moment in (format_moment(row.moment),)
                ]
                bulk.upsert(connection, tables.arrivals, arrived)
                bulk.upsert(connection, tables.observations, observed)
            connection.execute(
                tables.pipelines.update().values(arrivals=number, chain_sha256=chain, manifest_day=day)
            )
    return series


def _archived(row: Observation) -> ArchivedPart:
    contents = (format_2.encode(Part(PIPELINE, 1, (snapshot_of(row),))), (HEADER + encode_row(row)).encode())
    json, csv = (hashlib.sha256(content).hexdigest() for content in contents)
    return ArchivedPart(row.moment, 1, json, csv, row.moment)

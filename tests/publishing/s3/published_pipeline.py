"""A pipeline whose archive and rows are there, as its steps would have left them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from pipeline_lib.archive.parts import add_snapshots
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.database import arrivals
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.model.observation import Observation, Provenance, Snapshot
from pipeline_lib.publishing.s3 import Destination, Source, publish_processed_table, publish_raw_log
from pipeline_lib.specs import AlertPolicy, OneCoin, PipelineSpec, QualityLimits, Schedule, Thresholds, Window
from pipeline_lib.steps.statistics import update_statistics

START = datetime(2018, 2, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = PipelineSpec(
    name="bitcoin",
    coins=OneCoin("bitcoin"),
    vs_currency="usd",
    description="",
    schedule=Schedule("@hourly"),
    start_date=START,
    catchup=False,
    owner="tests",
    tags=(),
    retries=0,
    retry_delay=HOUR,
    timeout=HOUR,
    windows=(Window("24h", 24 * HOUR), Window("3_rows", 3)),
    thresholds=Thresholds(move_1h_percent=Decimal(3), move_24h_percent=Decimal(8)),
    alerts=AlertPolicy(None, None, False, None, Decimal("0.7"), None, None),  # noqa: FBT003 (on_backfill)
    quality=QualityLimits(max_age=HOUR, max_jump_percent=Decimal(50)),
    s3=None,
    effective={},
)


@dataclass(frozen=True)
class Pipeline:
    """What it publishes, and where."""

    source: Source
    destination: Destination

    def record(self, hour: int, price: str = "7000.50") -> None:
        """Archive and record an hour since ``START``."""
        moment = START + hour * HOUR
        observation = Observation(
            "bitcoin", "usd", moment, Decimal(price) + hour, None, None, None, None, moment
        )
        answer = f'{{"id": "bitcoin", "current_price": {price}}}'
        provenance = Provenance("https://example.invalid/", moment, 200, answer)
        add_snapshots(
            FolderArchive(self.source.layout.archive), "bitcoin", [Snapshot(observation, provenance)]
        )
        self.enter(observation, part=1)

    def add_second_part(self, hour: int, coin: str) -> None:
        """Archive and record another coin of an hour that came later, as its second part."""
        moment, layout = START + hour * HOUR, self.source.layout
        for suffix in ("json", "csv"):
            name = f"{moment:%Y%m%dT%H%M%SZ}.2.{suffix}"
            (layout.archive / name).write_bytes(f"{coin} {suffix}\n".encode())
        self.enter(Observation(coin, "usd", moment, Decimal(900), None, None, None, None, moment), part=2)

    def enter(self, observation: Observation, part: int) -> None:
        """Record an archived observation."""
        layout, moment = self.source.layout, observation.moment
        json_sha256, csv_sha256 = (
            sha256(path.read_bytes()).hexdigest()
            for path in (layout.snapshot_json(moment, part), layout.snapshot_csv(moment, part))
        )
        archived = ArchivedPart(moment, part, json_sha256, csv_sha256, moment)
        with self.source.writing() as connection:
            arrivals.record(connection, "bitcoin", archived, [observation])

    def compute(self) -> None:
        """Bring the statistics up to the observations."""
        with self.source.writing() as connection:
            series_ids = self.source.find_series(connection)
            update_statistics(connection, series_ids, self.source.spec.windows)

    def publish(self) -> None:
        """Compute, and publish everything."""
        self.compute()
        publish_raw_log(self.source, self.destination, at_most=100)
        publish_processed_table(self.source, self.destination, at_most=100)

    def with_windows(self, *windows: Window) -> "Pipeline":
        """The same pipeline with other windows."""
        spec = replace(self.source.spec, windows=windows)
        return replace(self, source=replace(self.source, spec=spec))

    def objects(self) -> dict[str, bytes]:
        """All objects below the prefix, by key below it."""
        bucket, prefix = self.destination.bucket, f"{self.destination.prefix}/"
        return {
            there.key.removeprefix(prefix): self.content(there.key) for there in bucket.list_objects(prefix)
        }

    def content(self, key: str) -> bytes:
        """What S3 holds under a key."""
        bucket = self.destination.bucket
        return bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()

    def put(self, key: str, content: bytes) -> None:
        """Another program writes an object."""
        bucket = self.destination.bucket
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Somebody deletes an object."""
        bucket = self.destination.bucket
        bucket.client.delete_object(Bucket=bucket.name, Key=key)

"""What the tests of replay and verification share."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from pipeline_lib.archive.part import Part
from pipeline_lib.database import tables
from pipeline_lib.model.observation import Observation, Provenance, Snapshot
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps import Run, Services, compute_moving_average
from pipeline_lib.steps.exports import export_raw_log
from pipeline_lib.steps.fetching.record import archive_snapshots, record
from pipeline_lib.steps.replay import Replayed
from pipeline_lib.steps.replay import replay as replay_archive

START = datetime(2018, 2, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = (
    "spec_version: 1\ncoin: bitcoin\nvs_currency: usd\nschedule: '@hourly'\nwindows: [24h, 3]\n"
    "thresholds: {1h: 0.5}\n"
)
_OF_ARCHIVE = (
    tables.pipelines,
    tables.series,
    tables.arrivals,
    tables.manifests,
    tables.observations,
    tables.latest_observations,
    tables.statistics_state,
    tables.price_moves,
    tables.window_statistics,
)


@dataclass(frozen=True)
class Runs:
    """The steps of a run that write, by hours since ``START``."""

    spec: PipelineSpec
    services: Services

    @property
    def layout(self) -> Layout:
        return Layout.of(self.spec.name, self.services.settings)

    def archive(self, hour: int) -> tuple[Part, ...]:
        """Archive an hour, and no more."""
        moment = START + hour * HOUR
        price = Decimal(7000 + hour * 37 % 100)
        observation = Observation("bitcoin", "usd", moment, price, None, None, Decimal(1), None, moment)
        answer = f'{{"id": "bitcoin", "current_price": {price}}}'
        provenance = Provenance("https://example.invalid/", moment, 200, answer)
        return archive_snapshots(self.spec, self.services, [Snapshot(observation, provenance)], ["bitcoin"])

    def run(self, hour: int) -> None:
        """Archive an hour, record it, and bring the files up to it."""
        run = Run(START + hour * HOUR)
        record(self.spec, run, self.services, self.archive(hour))
        assert export_raw_log(self.spec, self.services).warnings == ()
        compute_moving_average(self.spec, run, self.services)

    def replay(self) -> Replayed:
        return replay_archive(self.spec, self.services, lambda _done, _all: None)

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows that follow from the archive, by table; keys are counted up, so they are left out."""
        with self.services.database.reading() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
                for table in _OF_ARCHIVE
            }

    def files(self) -> dict[str, bytes]:
        """All files but hidden ones, by their place."""
        folder = self.services.settings.data_dir
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("[!.]*"))
            if path.is_file() and path.suffix not in {".db", ".db-wal", ".db-shm"}
        }

"""What the tests of replay and verification share."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipeline_lib.archive.snapshots import write_snapshot
from pipeline_lib.model.observation import Observation, Provenance, Snapshot
from pipeline_lib.specs import Window
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.record import record
from pipeline_lib.steps.statistics import update_processed_table

START = datetime(2018, 2, 5, 14, tzinfo=UTC)
WINDOWS = (Window("24h", timedelta(hours=24)), Window("3_rows", 3))


@dataclass(frozen=True)
class Runs:
    """The steps of a run that write, by hours since ``START``."""

    layout: Layout

    def archive(self, hour: int) -> Observation:
        """Archive an hour, and no more."""
        moment = START + timedelta(hours=hour)
        price = Decimal(7000 + hour * 37 % 100)
        observation = Observation("bitcoin", "usd", moment, price, None, None, Decimal(1), None, moment)
        answer = f'{{"id": "bitcoin", "current_price": {price}}}'
        provenance = Provenance("https://example.invalid/", moment, 200, answer)
        write_snapshot(self.layout, Snapshot(observation, provenance))
        return observation

    def run(self, hour: int) -> None:
        """Archive an hour, record it, and bring the table up to it."""
        record(self.layout, self.archive(hour))
        update_processed_table(self.layout, WINDOWS)


def layout_in(folder: Path) -> Layout:
    """All files of a pipeline, in one folder."""
    return Layout(
        raw_log=folder / "raw.csv",
        processed_table=folder / "processed.csv",
        archive=folder / "archive",
        alerts=folder / "alerts",
        manifests=folder / "manifests",
        quarantine=folder / "quarantine",
    )


def files(layout: Layout) -> dict[str, bytes]:
    """All files but hidden ones, by their place."""
    folder: Path = layout.raw_log.parent
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("[!.]*"))
        if path.is_file()
    }

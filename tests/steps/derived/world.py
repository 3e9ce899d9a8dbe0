"""What the tests of replay and verification share."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipeline_lib.archive import manifest_chain
from pipeline_lib.archive.parts import add_snapshots, record_of
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.model.observation import Observation, Provenance, Snapshot
from pipeline_lib.specs import Window
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.statistics_files import update_processed_table
from pipeline_lib.store.log import raw_log

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
        archive = FolderArchive(self.layout.archive)
        add_snapshots(archive, "bitcoin", [Snapshot(observation, provenance)])
        return observation

    def record(self, observation: Observation) -> None:
        """Enter an hour into manifest and log, as versions without a database did."""
        with raw_log.opened(self.layout.raw_log) as log:
            archive = FolderArchive(self.layout.archive)
            manifest_chain.add(self.layout.manifests, record_of(archive, observation.moment, 1))
            log.append(observation)

    def run(self, hour: int) -> None:
        """Archive an hour, record it, and bring the table up to it."""
        self.record(self.archive(hour))
        update_processed_table(self.layout, WINDOWS)


def layout_in(folder: Path) -> Layout:
    """All files of a pipeline, in one folder."""
    return Layout(
        raw_log=folder / "raw.csv",
        processed_table=folder / "processed.csv",
        archive=folder / "archive",
        alerts=folder / "alerts",
        manifests=folder / "manifests",
        published=folder / "published",
    )


def files(layout: Layout) -> dict[str, bytes]:
    """All files but hidden ones, by their place."""
    folder: Path = layout.raw_log.parent
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("[!.]*"))
        if path.is_file()
    }

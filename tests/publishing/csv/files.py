"""A pipeline's CSV files beside its database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import Series, find_series
from pipeline_lib.publishing.csv import export
from pipeline_lib.publishing.csv.export import Exported
from pipeline_lib.publishing.csv.processed_table import ProcessedTable
from pipeline_lib.publishing.csv.raw_log import RawLog
from pipeline_lib.publishing.csv.table import Table
from pipeline_lib.specs import Window
from pipeline_lib.steps.statistics import update_statistics
from tests.fixtures.arrivals import PIPELINE, arrive, observation

WINDOWS = (Window("24h", timedelta(hours=24)), Window("3_rows", 3))


@dataclass(frozen=True)
class Files:
    """Both files, in one folder.

    Attributes:
        database: What they are made from.
        folder: Where they are.
    """

    database: Database
    folder: Path

    @property
    def raw(self) -> Path:
        """The raw log."""
        return self.folder / "bitcoin_raw.csv"

    @property
    def processed(self) -> Path:
        """The processed table."""
        return self.folder / "bitcoin_processed.csv"

    def path(self, kind: str) -> Path:
        """One of them: ``raw``, ``processed``."""
        return self.folder / f"bitcoin_{kind}.csv"

    def arrive(self, *hours: float) -> None:
        """Record observations of these hours, and bring the statistics up to them."""
        arrive(self.database, *(observation(hour) for hour in hours))
        self.compute()

    def compute(self, windows: Sequence[Window] = WINDOWS) -> None:
        """Bring the statistics up to the observations."""
        series = self.series()
        with self.database.writing() as connection:
            update_statistics(connection, [series.id], windows)

    def series(self) -> Series:
        """The pipeline's only series."""
        with self.database.reading() as connection:
            (found,) = find_series(connection, PIPELINE)
        return found

    def table(self, kind: str, windows: Sequence[Window] = WINDOWS) -> Table:
        """What a file is made from."""
        return RawLog(PIPELINE) if kind == "raw" else ProcessedTable(PIPELINE, self.series(), windows)

    def append(self, kind: str, windows: Sequence[Window] = WINDOWS) -> Exported:
        """Bring a file up to the database."""
        return export.append(self.path(kind), self.table(kind, windows), self.database)

    def whole(self, kind: str, windows: Sequence[Window] = WINDOWS) -> bytes:
        """What a file made anew would hold."""
        table = self.table(kind, windows)
        with self.database.reading() as connection:
            rows = table.read_all(connection)
        return table.header + (rows.content if rows else b"")

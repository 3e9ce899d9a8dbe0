"""The CSV files of a pipeline, brought up to the database or made anew."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline_lib.common.spans import Span, day_of, month_of
from pipeline_lib.common.waiting import Wait
from pipeline_lib.database import arrivals, observations
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import Series, find_series
from pipeline_lib.database.statistics import computed
from pipeline_lib.errors import ForeignFileError
from pipeline_lib.publishing.csv import export, progress
from pipeline_lib.publishing.csv.export import Exported
from pipeline_lib.publishing.csv.monthly import MonthlyProcessedTable, MonthlyRawLog
from pipeline_lib.publishing.csv.processed_table import ProcessedTable
from pipeline_lib.publishing.csv.raw_log import RawLog
from pipeline_lib.publishing.csv.table import Rows, Table
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.statistics import update_statistics

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SECOND = timedelta(seconds=1)

Export: TypeAlias = Callable[[Path, Table, Database, Wait], Exported]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file after an export.

    Attributes:
        path: The file.
        exported: What it holds; None when it was refused.
        error: Why it was refused, or None.
    """

    path: Path
    exported: Exported | None
    error: ForeignFileError | None = None


@dataclass(frozen=True, slots=True)
class RunExports:
    """What a run's exports came to.

    Attributes:
        warnings: Why files were refused and left as they are, for those who run the pipelines.
        paths: The files that hold all that they should.
    """

    warnings: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()

    def __str__(self) -> str:
        """The files with their sizes, to follow what else the run did; empty without files."""
        return "".join(f"; {path.name}: {path.stat().st_size:,} B" for path in self.paths)


def export_raw_log(spec: PipelineSpec, services: Services) -> RunExports:
    """Bring the files of the raw log up to the database, where files are kept.

    Args:
        spec: The pipeline.
        services: The access to the world.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    tables: dict[Path, Table]
    if spec.has_one_coin:
        tables = {layout.raw_log: RawLog(spec.name)}
    else:
        months = _changed_raw_months(spec, services, layout)
        tables = {layout.raw_month(month): MonthlyRawLog(spec.name, month) for month in months}
    return _append_in_run(spec, services, tables)


def export_processed_table(spec: PipelineSpec, services: Services, series: list[Series]) -> RunExports:
    """Bring the files of the processed table up to the database, where files are kept.

    Args:
        spec: The pipeline.
        services: The access to the world.
        series: Of the spec's coins and currency; their statistics are of the spec's windows.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    layout = Layout.of(spec.name, services.settings)
    tables: dict[Path, Table]
    if spec.has_one_coin:
        tables = {layout.processed_table: ProcessedTable(spec.name, series[0], spec.windows)}
    else:
        months = _changed_processed_months(spec, services, layout, series)
        tables = {
            layout.processed_month(month): MonthlyProcessedTable(spec.name, series, spec.windows, month)
            for month in months
        }
    return _append_in_run(spec, services, tables)


def append_files(
    spec: PipelineSpec, services: Services, just_written: Rows | None = None
) -> Iterator[ExportedFile]:
    """Bring the pipeline's files up to the database, also where runs keep none.

    Args:
        spec: The pipeline.
        services: The access to the world.
        just_written: All rows of the processed table of one coin, where they were just written to the
            database.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    return _export_all(spec, services, export.append, just_written)


def rewrite_files(spec: PipelineSpec, services: Services) -> Iterator[ExportedFile]:
    """Make the pipeline's files anew from the database, whatever is there.

    Args:
        spec: The pipeline.
        services: The access to the world.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    return _export_all(spec, services, export.rewrite)


def series_of(connection: "Connection", spec: PipelineSpec) -> list[Series]:
    """The series of the spec's coins and currency that have an observation, by coin.

    Of the coins of the greatest market caps, all that ever were among them.

    Args:
        connection: A transaction.
        spec: The pipeline.
    """
    return [each for each in find_series(connection, spec.name) if spec.covers(each.coin, each.vs_currency)]


def raw_files(connection: "Connection", spec: PipelineSpec, layout: Layout) -> dict[Path, Table]:
    """The files of the raw log, each with its table.

    Args:
        connection: A transaction.
        spec: The pipeline.
        layout: Where they lie.
    """
    if spec.has_one_coin:
        return {layout.raw_log: RawLog(spec.name)}
    months = observations.read_months(connection, spec.name, after=0)
    return {layout.raw_month(month): MonthlyRawLog(spec.name, month) for month in months}


def processed_files(
    connection: "Connection",
    spec: PipelineSpec,
    layout: Layout,
    series: list[Series],
    just_written: Rows | None = None,
) -> dict[Path, Table]:
    """The files of the processed table, each with its table.

    Args:
        connection: A transaction.
        spec: The pipeline.
        layout: Where they lie.
        series: Of the spec's coins and currency.
        just_written: All rows of the processed table of one coin, where they were just written to the
            database.
    """
    if not series:
        return {}
    if spec.has_one_coin:
        return {layout.processed_table: ProcessedTable(spec.name, series[0], spec.windows, just_written)}
    months = observations.read_months(connection, spec.name, after=0)
    return {
        layout.processed_month(month): MonthlyProcessedTable(spec.name, series, spec.windows, month)
        for month in months
    }


def _export_all(
    spec: PipelineSpec, services: Services, write: Export, just_written: Rows | None = None
) -> Iterator[ExportedFile]:
    layout = Layout.of(spec.name, services.settings)
    with services.database.reading() as connection:
        raw, series = raw_files(connection, spec, layout), series_of(connection, spec)
    for path, table in raw.items():
        yield _export(path, table, services, write)
    if not series:
        return
    with services.database.writing() as connection:
        update_statistics(connection, [each.id for each in series], spec.windows)
        tables = processed_files(connection, spec, layout, series, just_written)
    for path, table in tables.items():
        yield _export(path, table, services, write)


def _changed_raw_months(spec: PipelineSpec, services: Services, layout: Layout) -> list[Span]:
    """The months in which something came since the newest file was written, by time."""
    with services.database.reading() as connection:
        written = _written_up_to(connection, spec, layout.raw_month)
        return observations.read_months(connection, spec.name, after=written)


def _changed_processed_months(
    spec: PipelineSpec, services: Services, layout: Layout, series: list[Series]
) -> list[Span]:
    """The months in which statistics changed since the newest file was written, by time."""
    with services.database.reading() as connection:
        written = _written_up_to(connection, spec, layout.processed_month)
        days = computed.read_changed_days(connection, [each.id for each in series], written)
    return sorted({month_of(day_of(day).start) for day in days})


def _written_up_to(connection: "Connection", spec: PipelineSpec, path_of: Callable[[Span], Path]) -> int:
    """The newest arrival in the files; 0 where nobody knows, so that all are looked at.

    Files are written by time: what the newest one holds, the others hold as well.
    """
    newest = arrivals.find_newest_moment(connection, spec.name)
    if newest is None:
        return 0
    month = month_of(newest)
    notes = (progress.read(path_of(each)) for each in (month_of(month.start - _SECOND), month))
    return max((note.written.arrival for note in notes if note and note.written), default=0)


def _append_in_run(spec: PipelineSpec, services: Services, tables: Mapping[Path, Table]) -> RunExports:
    if not services.settings.local_files:
        return RunExports()
    done = [_export(path, table, services, export.append) for path, table in tables.items()]
    return RunExports(
        warnings=tuple(f"{spec.name}: {each.error}" for each in done if each.error),
        paths=tuple(each.path for each in done if each.exported),
    )


def _export(path: Path, table: Table, services: Services, write: Export) -> ExportedFile:
    try:
        return ExportedFile(path, write(path, table, services.database, services.wait))
    except ForeignFileError as error:
        return ExportedFile(path, None, error)

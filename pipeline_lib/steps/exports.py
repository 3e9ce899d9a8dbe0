"""The CSV files of a pipeline, brought up to the database or made anew."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pipeline_lib.common.waiting import Wait
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import Series, find_series_id
from pipeline_lib.errors import ForeignFileError
from pipeline_lib.publishing.csv import export
from pipeline_lib.publishing.csv.export import Exported
from pipeline_lib.publishing.csv.processed_table import ProcessedTable
from pipeline_lib.publishing.csv.raw_log import RawLog
from pipeline_lib.publishing.csv.table import Rows, Table
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.statistics import update_statistics

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


def export_raw_log(spec: PipelineSpec, services: Services) -> tuple[str, ...]:
    """Bring the raw log's file up to the database, where files are kept.

    Args:
        spec: The pipeline.
        services: The access to the world.

    Returns:
        Why the file was refused and left as it is, for those who run the pipelines; nothing else.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    path = Layout.of(spec.name, services.settings).raw_log
    return _warnings_of(spec, services, path, RawLog(spec.name))


def export_processed_table(spec: PipelineSpec, services: Services, series: Series) -> tuple[str, ...]:
    """Bring the processed table's file up to the database, where files are kept.

    Args:
        spec: The pipeline.
        services: The access to the world.
        series: Of the spec's coin and currency; its statistics are of the spec's windows.

    Returns:
        Why the file was refused and left as it is, for those who run the pipelines; nothing else.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    path = Layout.of(spec.name, services.settings).processed_table
    return _warnings_of(spec, services, path, ProcessedTable(spec.name, series, spec.windows))


def append_files(
    spec: PipelineSpec, services: Services, processed: Rows | None = None
) -> Iterator[ExportedFile]:
    """Bring the pipeline's files up to the database, also where runs keep none.

    Args:
        spec: The pipeline.
        services: The access to the world.
        processed: All rows of the processed table, where they were just written to the database.

    Raises:
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    return _export_all(spec, services, export.append, processed)


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


def find_series_of(spec: PipelineSpec, services: Services) -> Series | None:
    """The series of the spec's coin and currency; None before its first observation.

    Raises:
        DatabaseError: The database can't be used.
    """
    with services.database.reading() as connection:
        key = find_series_id(connection, spec.name, spec.coin, spec.vs_currency)
    return None if key is None else Series(key, spec.coin, spec.vs_currency)


def _export_all(
    spec: PipelineSpec, services: Services, write: Export, processed: Rows | None = None
) -> Iterator[ExportedFile]:
    layout = Layout.of(spec.name, services.settings)
    yield _export(layout.raw_log, RawLog(spec.name), services, write)
    series = find_series_of(spec, services)
    if series is None:
        return
    with services.database.writing() as connection:
        update_statistics(connection, series.id, spec.windows)
    table = ProcessedTable(spec.name, series, spec.windows, processed)
    yield _export(layout.processed_table, table, services, write)


def _warnings_of(spec: PipelineSpec, services: Services, path: Path, table: Table) -> tuple[str, ...]:
    if not services.settings.local_files:
        return ()
    done = _export(path, table, services, export.append)
    return () if done.error is None else (f"{spec.name}: {done.error}",)


def _export(path: Path, table: Table, services: Services, write: Export) -> ExportedFile:
    try:
        return ExportedFile(path, write(path, table, services.database, services.wait))
    except ForeignFileError as error:
        return ExportedFile(path, None, error)

"""Publishing all that S3 lacks of a pipeline, batch by batch, whatever earlier runs noted."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_lib.database import publications
from pipeline_lib.errors import StoreError
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3 import Destination, Source, publish_processed_table, publish_raw_log
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.upload import find_destination, open_source

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of snapshots, or of days of the processed table.

    Attributes:
        published: How many were put on S3.
        left: How many are left to later batches.
        refused: Why others stay missing, which trying again won't change.
    """

    published: int
    left: int
    refused: tuple[StoreError, ...] = ()


def start_upload(spec: PipelineSpec, services: Services) -> tuple[Source, Destination] | Skipped:
    """Forget what S3 has, so that it is asked; what to publish and where, or why nothing can be.

    Raises:
        SettingsError: ``S3_BUCKET`` is no name of a bucket.
        S3SettingsError: Settings or credentials can't be used.
        S3UnavailableError: Who gives the credentials can't be reached.
        DatabaseError: The database can't be used.
        OSError: The disk is read-only.
    """
    destination = find_destination(spec, services)
    if isinstance(destination, Skipped):
        return destination
    source = open_source(spec, services)
    with source.writing() as connection:
        target = source.find_target(connection, destination)
        if target:
            publications.forget(connection, target)
    if target is None:
        return Skipped(f"the database has no observation of {spec.name}")
    return source, destination


def upload_snapshots(source: Source, destination: Destination) -> Iterator[Batch]:
    """Publish the missing snapshots, and the whole raw log where it belongs to the layout.

    Raises:
        StoreError: S3 refuses or is away.
        DatabaseError: The database can't be used.
        OSError: The archive can't be read.
    """
    left = 1
    while left:
        report = publish_raw_log(source, destination, at_most=_BATCH)
        left = report.left
        yield Batch(report.published, left, report.refused)


def upload_days(source: Source, destination: Destination) -> Iterator[Batch]:
    """Publish the missing days of the processed table, and the whole table where it belongs to the layout.

    Raises:
        StoreError: S3 refuses or is away.
        DatabaseError: The database can't be used.
    """
    left = 1
    while left:
        report = publish_processed_table(source, destination, at_most=_BATCH)
        left = report.left
        yield Batch(len(report.days), left)

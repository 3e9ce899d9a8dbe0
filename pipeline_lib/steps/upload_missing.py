"""Publishing all that S3 lacks of a pipeline, batch by batch, whatever earlier runs noted."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_lib.errors import StoreError
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3 import Destination, PublishState, publish_processed_table, publish_raw_log
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.upload import find_destination

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


def start_upload(spec: PipelineSpec, services: Services) -> Destination | Skipped:
    """Drop the notes on what S3 has, so that S3 is asked; where to publish, or why nothing can be.

    Raises:
        S3RefusedError: The credentials can't be used.
        OSError: The disk is read-only.
    """
    destination = find_destination(spec, services)
    if isinstance(destination, Skipped):
        return destination
    layout = Layout.of(spec.name, services.settings)
    if not layout.raw_log.exists():
        return Skipped(f"there is no {layout.raw_log}")
    PublishState.of(layout, destination).forget()
    return destination


def upload_snapshots(layout: Layout, destination: Destination) -> Iterator[Batch]:
    """Publish the missing snapshots, and the whole raw log where it belongs to the layout.

    Raises:
        StoreError: S3 refuses or is away.
        OSError: A file can't be read, or the disk is full.
    """
    left = 1
    while left:
        report = publish_raw_log(layout, destination, at_most=_BATCH)
        left = report.left
        yield Batch(report.published, left, report.refused)


def upload_days(layout: Layout, destination: Destination) -> Iterator[Batch]:
    """Publish the missing days of the processed table, and the whole table where it belongs to the layout.

    Raises:
        StoreError: S3 refuses or is away, or the table doesn't read as one.
        OSError: A file can't be read, or the disk is full.
    """
    left = 1
    while left:
        report = publish_processed_table(layout, destination, at_most=_BATCH)
        left = report.left
        yield Batch(len(report.days), left)

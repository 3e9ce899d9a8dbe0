"""The steps that publish to S3: first the run's own work, then what earlier runs couldn't publish."""

from dataclasses import replace

from pipeline_lib.common.counting import counted
from pipeline_lib.model.outcome import Done, Outcome, Skipped
from pipeline_lib.publishing.s3 import (
    Destination,
    ProcessedReport,
    RawReport,
    Source,
    publish_processed_table,
    publish_raw_log,
    publish_snapshot,
)
from pipeline_lib.publishing.s3.objects import ObjectOptions
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.checks.default_bucket import require_bucket_name
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Run, Services

# A run makes up for so many at most: a day's worth of minutes, well within a task's time.
_MOST_AT_ONCE = 1440
_WARNINGS_SHOWN = 5


def upload_raw_to_s3(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Publish the run's snapshot, which never changes on S3 either, and all that S3 lacks of the raw log.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        StoreError: S3 refuses or is away, or the snapshot is missing.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    destination = find_destination(spec, services)
    if isinstance(destination, Skipped):
        return destination
    source = open_source(spec, services)
    published = publish_snapshot(source, destination, run.moment)
    report = publish_raw_log(source, destination, published=published, at_most=_MOST_AT_ONCE)
    return Done(_describe_raw(destination, report), _warnings(report))


def upload_processed_csv_to_s3(spec: PipelineSpec, run: Run, services: Services) -> Outcome:
    """Publish the run's day of the processed table, all other days that have changed, and the whole table.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        StoreError: S3 refuses or is away.
        DatabaseError: The database can't be used, or has no statistics of the run's day.
        OSError: The disk is full or read-only.
    """
    destination = find_destination(spec, services)
    if isinstance(destination, Skipped):
        return destination
    source = open_source(spec, services)
    report = publish_processed_table(source, destination, day=run.moment.date(), at_most=_MOST_AT_ONCE)
    return Done(_describe_processed(destination, report, run))


def open_source(spec: PipelineSpec, services: Services) -> Source:
    """What a pipeline publishes."""
    layout = Layout.of(spec.name, services.settings)
    return Source(spec, layout, services.database, services.now)


def find_destination(spec: PipelineSpec, services: Services) -> Destination | Skipped:
    """Where a pipeline publishes, or why it doesn't.

    Raises:
        SettingsError: ``S3_BUCKET`` is no name of a bucket.
        S3SettingsError: Settings or credentials can't be used.
        S3UnavailableError: Who gives the credentials can't be reached.
    """
    if spec.s3 is None:
        return Skipped("the spec has no s3 section")
    name = spec.s3.bucket
    if name is None:
        name = services.settings.s3_bucket
        require_bucket_name(name)
    if name is None:
        return Skipped("no bucket: neither s3.bucket in the spec nor S3_BUCKET is set")
    bucket = services.open_s3_account().open_bucket(name, spec.s3.endpoint_url)
    if bucket is None:
        return Skipped("no AWS credentials were found")
    options = ObjectOptions(spec.s3.encryption, spec.s3.kms_key_id, spec.s3.storage_class)
    return Destination(replace(bucket, options=options), spec.s3.prefix, spec.name, spec.s3.layout)


def _describe_raw(destination: Destination, report: RawReport) -> str:
    parts = ["the snapshot"]
    if report.published:
        parts.append(counted(report.published, "earlier snapshot"))
    whole = f"the raw log at {destination.bucket.location(destination.raw_log_key)}"
    return _describe(parts, destination, whole, changed=report.log_changed, left=report.left)


def _describe_processed(destination: Destination, report: ProcessedReport, run: Run) -> str:
    others = len(set(report.days) - {run.moment.date()})
    parts = ["the day's partition"]
    if others:
        parts.append(f"{counted(others, 'partition')} of {'another day' if others == 1 else 'other days'}")
    whole = f"the processed table at {destination.bucket.location(destination.processed_table_key)}"
    return _describe(parts, destination, whole, changed=report.table_changed, left=report.left)


def _describe(parts: list[str], destination: Destination, whole: str, *, changed: bool, left: int) -> str:
    """What was published, in a sentence.

    Args:
        parts: Snapshots or partitions.
        destination: Where to.
        whole: The whole log or table.
        changed: Whether the whole one was written.
        left: How many snapshots or partitions wait for a later run.
    """
    *first, last = [*parts, whole] if destination.has_whole_files and changed else parts
    text = f"published {', '.join(first)}{' and ' if first else ''}{last}"
    if destination.has_whole_files and not changed:
        text += f"; {whole} is unchanged"
    return f"{text}; left to the next run: {left:,}" if left else text


def _warnings(report: RawReport) -> tuple[str, ...]:
    shown = [str(error) for error in report.refused[:_WARNINGS_SHOWN]]
    more = len(report.refused) - len(shown)
    return (*shown, f"and {counted(more, 'more snapshot')} that can't be published") if more else tuple(shown)

"""The steps that publish to S3."""

from dataclasses import dataclass

from pipeline_lib.outcome import Done, Outcome, Skipped
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.steps.run import Access, Run
from pipeline_lib.store import object_keys, processed_table, raw_log
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.s3 import Bucket
from pipeline_lib.store.snapshots import complete_snapshot, read_snapshot

_CSV = "text/csv; charset=utf-8"
_JSON = "application/json"


def upload_raw_to_s3(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Publish the run's snapshot, which never changes on S3 either, and the whole raw log.

    Raises:
        StoreError: S3 refuses or is away, or the snapshot is missing.
    """
    target = _upload_target(spec, access)
    if isinstance(target, Skipped):
        return target
    bucket, prefix, layout = target.bucket, target.prefix, Layout.of(spec.name, access.settings)
    complete_snapshot(layout, read_snapshot(layout, run.moment).observation)
    for path, content_type in (
        (layout.snapshot_json(run.moment), _JSON),
        (layout.snapshot_csv(run.moment), _CSV),
    ):
        key = object_keys.raw_snapshot_key(prefix, run.moment, path.suffix)
        bucket.put_immutable(key, path.read_bytes(), content_type)
    log_key = object_keys.raw_log_key(prefix, spec.name)
    bucket.put(log_key, raw_log.read_bytes(layout.raw_log), _CSV)
    return Done(f"snapshot and {bucket.location(log_key)}")


def upload_processed_csv_to_s3(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Publish the run's day of the processed table as a partition, and the whole table.

    Raises:
        StoreError: S3 refuses or is away, or the table has no row of the run's day.
    """
    target = _upload_target(spec, access)
    if isinstance(target, Skipped):
        return target
    bucket, prefix, layout = target.bucket, target.prefix, Layout.of(spec.name, access.settings)
    day = processed_table.read_day(layout.processed_table, run.moment.date())
    bucket.put(object_keys.processed_day_key(prefix, spec.name, run.moment), day, _CSV)
    table_key = object_keys.processed_table_key(prefix, spec.name)
    bucket.put(table_key, processed_table.read_bytes(layout.processed_table), _CSV)
    return Done(f"the day's partition and {bucket.location(table_key)}")


@dataclass(frozen=True, slots=True)
class _UploadTarget:
    bucket: Bucket
    prefix: str


def _upload_target(spec: PipelineSpec, access: Access) -> _UploadTarget | Skipped:
    if spec.s3 is None:
        return Skipped("the spec has no s3 section")
    name = spec.s3.bucket or access.settings.s3_bucket
    if name is None:
        return Skipped("no bucket: neither s3.bucket in the spec nor S3_BUCKET is set")
    bucket = access.open_s3_account().open_bucket(name, spec.s3.endpoint_url)
    return _UploadTarget(bucket, spec.s3.prefix) if bucket else Skipped("no AWS credentials were found")

"""What a pipeline has on S3, kept in step with its archive and the database.

A step publishes its run's own work first, and then whatever lacks on S3: what an earlier run couldn't
publish, and days that a late row has changed. How far everything is published stands in the database, so an
ordinary run looks at what is new and at nothing else.
"""

from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.publishing.s3.processed import ProcessedReport, publish_processed_table
from pipeline_lib.publishing.s3.raw import RawReport, publish_raw_log, publish_snapshot
from pipeline_lib.publishing.s3.source import Source

__all__ = [
    "Destination",
    "ProcessedReport",
    "RawReport",
    "Source",
    "publish_processed_table",
    "publish_raw_log",
    "publish_snapshot",
]

"""What a pipeline has on S3, kept in step with what it has on disk.

A step publishes its run's own work first, and then whatever lacks on S3: what an earlier run couldn't
publish, and days that a late row has changed. How far everything is published stands in small files beside
the data, so an ordinary run looks at what is new and at nothing else.
"""

from pipeline_lib.store.publication.destination import Destination
from pipeline_lib.store.publication.journal import PublicationJournal
from pipeline_lib.store.publication.processed import ProcessedReport, publish_processed_table
from pipeline_lib.store.publication.raw import RawReport, publish_raw_log, publish_snapshot

__all__ = [
    "Destination",
    "ProcessedReport",
    "PublicationJournal",
    "RawReport",
    "publish_processed_table",
    "publish_raw_log",
    "publish_snapshot",
]

"""Where a pipeline publishes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pipeline_lib.publishing.s3 import object_keys
from pipeline_lib.publishing.s3.objects import Bucket
from pipeline_lib.specs import S3Layout

CSV = "text/csv; charset=utf-8"
JSON = "application/json"

Item = TypeVar("Item")
Result = TypeVar("Result")

# Enough to hide S3's answering times; a boto3 client may be used by many threads at once.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Destination:
    """The objects of one pipeline.

    Attributes:
        bucket: The bucket.
        prefix: Folder of the pipeline's objects, without slashes at its ends.
        name: The pipeline.
        layout: Which objects there are.
    """

    bucket: Bucket
    prefix: str
    name: str
    layout: S3Layout = S3Layout.COMPLETE

    @property
    def raw_log_key(self) -> str:
        """The whole raw log."""
        return object_keys.raw_log_key(self.prefix, self.name)

    @property
    def processed_table_key(self) -> str:
        """The whole processed table."""
        return object_keys.processed_table_key(self.prefix, self.name)

    @property
    def has_whole_files(self) -> bool:
        """Whether the raw log and the processed table are published whole beside the partitions."""
        return self.layout is S3Layout.COMPLETE

    def name_of(self, key: str) -> str:
        """A key below the prefix, as the database notes it."""
        return key.removeprefix(f"{self.prefix}/")

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that stand for endpoint, bucket and prefix."""
        place = f"{self.bucket.client.meta.endpoint_url}\n{self.bucket.name}\n{self.prefix}"
        return hashlib.sha256(place.encode()).hexdigest()[:16]


def at_once(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``function`` of each item, in their order, several at a time."""
    ordered = list(items)
    if len(ordered) <= 1:
        yield from map(function, ordered)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(function, ordered)

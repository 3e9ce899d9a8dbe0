"""Whether S3 holds what a pipeline has on disk, byte for byte.

The list of all objects tells what is missing, and most of what has other bytes. Where it can't tell that an
object is the same, the hash that S3 computed does; where S3 has none, the object is read.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pipeline_lib.common.timestamps import format_key, parse_moment
from pipeline_lib.model.difference import Difference
from pipeline_lib.publishing.s3 import Destination
from pipeline_lib.publishing.s3.object_keys import processed_day_key, raw_snapshot_key
from pipeline_lib.publishing.s3.objects import StoredObject
from pipeline_lib.publishing.s3.processed import split_by_day
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.table import processed_table


@dataclass(frozen=True, slots=True)
class _Expected:
    """What an object stands for, and its bytes when they are needed."""

    place: str
    read: Callable[[], bytes]


def compare_with_s3(layout: Layout, destination: Destination) -> Iterator[Difference]:
    """All differences between a pipeline's files and its objects, in no order that means anything.

    Raises:
        TableDamagedError: The processed table doesn't read as one.
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request.
        OSError: A file can't be read.
    """
    found = {
        there.key: there
        for folder in ("raw", "processed")
        for there in destination.bucket.list_objects(f"{destination.prefix}/{folder}/")
    }
    for key, expected in _snapshots(layout, destination).items():
        there = found.pop(key, None)
        if there is None:
            yield _missing(destination, key, expected.place)
        elif not _is_same(destination, there, expected.read()):
            location = destination.bucket.location(key)
            yield Difference(
                location,
                f"differs from {expected.place}, though neither may ever change",
                "compare both; restore the wrong one from a backup, and an object after deleting it",
            )
    for key, expected in _derived(layout, destination).items():
        there = found.pop(key, None)
        if there is None:
            yield _missing(destination, key, expected.place)
        elif not _is_same(destination, there, expected.read()):
            yield Difference(
                destination.bucket.location(key), f"differs from {expected.place}", _upload_again(destination)
            )
    for key in found:
        yield _left_over(layout, destination, key)


def _snapshots(layout: Layout, destination: Destination) -> dict[str, _Expected]:
    objects: dict[str, _Expected] = {}
    for path in sorted(layout.archive.glob("*")):
        moment = _moment_of(path.stem)
        if moment and path.suffix in (".json", ".csv"):
            key = raw_snapshot_key(destination.prefix, moment, path.suffix)
            objects[key] = _Expected(str(path), path.read_bytes)
    return objects


def _derived(layout: Layout, destination: Destination) -> dict[str, _Expected]:
    objects: dict[str, _Expected] = {}
    log = raw_log.read_bytes(layout.raw_log)
    table = processed_table.read_bytes(layout.processed_table)
    if destination.has_whole_files and log:
        objects[destination.raw_log_key] = _Expected(str(layout.raw_log), lambda: log)
    if destination.has_whole_files and table:
        objects[destination.processed_table_key] = _Expected(str(layout.processed_table), lambda: table)
    for partition in split_by_day(layout, table):
        key = processed_day_key(destination.prefix, destination.name, partition.day)
        place = f"{partition.day} of {layout.processed_table}"
        objects[key] = _Expected(place, partial(bytes, partition.content))
    return objects


def _is_same(destination: Destination, there: StoredObject, content: bytes) -> bool:
    if there.size != len(content):
        return False
    # An ETag that is this MD5 is no chance. One that isn't says nothing: encrypted objects have others.
    if there.etag == hashlib.md5(content, usedforsecurity=False).hexdigest():
        return True
    found = destination.bucket.find(there.key)
    return found is not None and destination.bucket.holds(found, content)


def _missing(destination: Destination, key: str, place: str) -> Difference:
    return Difference(
        destination.bucket.location(key), f"is missing, and {place} is there", _upload_again(destination)
    )


def _left_over(layout: Layout, destination: Destination, key: str) -> Difference:
    location, name = destination.bucket.location(key), key.rpartition("/")[2]
    moment = _moment_of(name.partition(".")[0])
    if moment and key in (
        raw_snapshot_key(destination.prefix, moment, suffix) for suffix in (".json", ".csv")
    ):
        path = layout.archive / name
        return Difference(location, f"has no file {path}", f"restore it: aws s3 cp {location} {path}")
    return Difference(
        location,
        "has nothing on disk that it stands for",
        f"see what it is, and delete it if nobody needs it: aws s3 rm {location}",
    )


def _upload_again(destination: Destination) -> str:
    return f"coin-pipelines upload {destination.name}"


def _moment_of(text: str) -> datetime | None:
    try:
        moment = parse_moment(text)
    except ValueError:
        return None
    return moment if format_key(moment) == text else None

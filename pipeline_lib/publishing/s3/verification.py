"""Whether S3 holds what a pipeline has in its archive and in the database, byte for byte.

The list of all objects tells what is missing, and most of what has other bytes. Where it can't tell that an
object is the same, the hash that S3 computed does; where S3 has none, the object is read.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pipeline_lib.common.spans import EVER
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.model.difference import Difference
from pipeline_lib.publishing.s3 import Destination, Source
from pipeline_lib.publishing.s3.object_keys import processed_day_key, raw_snapshot_key
from pipeline_lib.publishing.s3.objects import StoredObject
from pipeline_lib.publishing.s3.source import encode_processed, encode_raw_log

_SNAPSHOT_NAME = re.compile(r"(\d{8}T\d{6}Z)(?:\.([2-9]|[1-9]\d{1,5}))?(\.json|\.csv)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Expected:
    """What an object stands for, and its bytes when they are needed."""

    place: str
    read: Callable[[], bytes]


def compare_with_s3(source: Source, destination: Destination) -> Iterator[Difference]:
    """All differences between what a pipeline has and its objects, in no order that means anything.

    Args:
        source: The pipeline.
        destination: Its objects.

    Raises:
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request.
        DatabaseError: The database can't be used.
        OSError: The archive can't be read.
    """
    derived = _derived(source, destination)
    found = {
        there.key: there
        for folder in ("raw", "processed")
        for there in destination.bucket.list_objects(f"{destination.prefix}/{folder}/")
    }
    for key, expected in _snapshots(source, destination).items():
        there = found.pop(key, None)
        if there is None:
            yield _missing(destination, key, f"{expected.place} is there")
        elif not _is_same(destination, there, expected.read()):
            location = destination.bucket.location(key)
            yield Difference(
                location,
                f"differs from {expected.place}, though neither may ever change",
                "compare both; restore the wrong one from a backup, and an object after deleting it",
            )
    for key, content in derived.items():
        there = found.pop(key, None)
        if there is None:
            yield _missing(destination, key, "the database has its rows")
        elif not _is_same(destination, there, content):
            location = destination.bucket.location(key)
            yield Difference(location, "differs from what the database gives", _upload_again(destination))
    for key in found:
        yield _left_over(source, destination, key)


def _snapshots(source: Source, destination: Destination) -> dict[str, _Expected]:
    paths = sorted(source.layout.archive.glob("*"))
    keys = ((_snapshot_key(destination, path.name), path) for path in paths)
    return {key: _Expected(str(path), path.read_bytes) for key, path in keys if key}


def _derived(source: Source, destination: Destination) -> dict[str, bytes]:
    """What the database gives, read before S3 is asked for anything."""
    objects: dict[str, bytes] = {}
    with source.reading() as connection:
        if destination.has_whole_files and source.find_target(connection, destination):
            objects[destination.raw_log_key] = encode_raw_log(connection, source)
        table = encode_processed(connection, source, source.find_series(connection), EVER)
    if table and destination.has_whole_files:
        objects[destination.processed_table_key] = table
    header, *rows = table.splitlines(keepends=True) if table else [b""]
    for day, of_day in groupby(rows, key=lambda row: row[: len("2018-02-05")]):
        key = processed_day_key(destination.prefix, destination.name, date.fromisoformat(day.decode()))
        objects[key] = header + b"".join(of_day)
    return objects


def _is_same(destination: Destination, there: StoredObject, content: bytes) -> bool:
    if there.size != len(content):
        return False
    # An ETag that is this MD5 is no chance. One that isn't says nothing: encrypted objects have others.
    if there.etag == hashlib.md5(content, usedforsecurity=False).hexdigest():
        return True
    found = destination.bucket.find(there.key)
    return found is not None and destination.bucket.holds(found, content)


def _missing(destination: Destination, key: str, but: str) -> Difference:
    return Difference(destination.bucket.location(key), f"is missing, and {but}", _upload_again(destination))


def _left_over(source: Source, destination: Destination, key: str) -> Difference:
    location, name = destination.bucket.location(key), key.rpartition("/")[2]
    if key == _snapshot_key(destination, name):
        path = source.layout.archive / name
        return Difference(location, f"has no file {path}", f"restore it: aws s3 cp {location} {path}")
    return Difference(
        location,
        "has nothing in archive or database that it stands for",
        f"see what it is, and delete it if nobody needs it: aws s3 rm {location}",
    )


def _upload_again(destination: Destination) -> str:
    return f"coin-pipelines upload {destination.name}"


def _snapshot_key(destination: Destination, name: str) -> str | None:
    """The key of an archived file by its name; None for a file that is no snapshot's."""
    found = _SNAPSHOT_NAME.fullmatch(name)
    if found is None:
        return None
    try:
        moment = parse_moment(found[1])
    except ValueError:
        return None
    return raw_snapshot_key(destination.prefix, moment, found[3], int(found[2] or 1))

"""The objects of one pipeline on S3, as their keys tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_lib.publishing.s3.destination import Destination, at_once
from pipeline_lib.publishing.s3.objects import StoredObject

_SNAPSHOT = re.compile(r"raw/date=[^/]+/hour=[^/]+/\d{8}T\d{6}Z(?:\.\d+)?\.(?:json|csv)", re.ASCII)
_FOLDERS = ("raw", "processed")


@dataclass(frozen=True, slots=True)
class OwnObjects:
    """What lies below a pipeline's prefix.

    Attributes:
        snapshots: Objects whose keys tell a moment, and no name.
        named: Those that bear the pipeline's name, which are made from the database.
        others: Everything else in the folders of the pipeline.
    """

    snapshots: tuple[StoredObject, ...]
    named: tuple[StoredObject, ...]
    others: tuple[StoredObject, ...]


def list_own_objects(destination: Destination) -> OwnObjects:
    """All objects of a destination.

    Raises:
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request.
    """
    snapshots, named, others = [], [], []
    beginnings = tuple(f"{destination.name}_{folder}." for folder in _FOLDERS)
    for folder in _FOLDERS:
        for found in destination.bucket.list_objects(f"{destination.prefix}/{folder}/"):
            if _SNAPSHOT.fullmatch(destination.name_of(found.key)):
                snapshots.append(found)
            elif found.key.rpartition("/")[2].startswith(beginnings):
                named.append(found)
            else:
                others.append(found)
    return OwnObjects(tuple(snapshots), tuple(named), tuple(others))


def find_superseded(former: Destination, destination: Destination) -> Iterator[StoredObject]:
    """The objects of a destination that another one, to which all was published again, takes the place of.

    A snapshot is one where the new place has one of the same moment and size: it is the same.

    Args:
        former: The old place, of the old name.
        destination: The new one, of another name.

    Raises:
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request.
    """
    found = list_own_objects(former)
    yield from found.named
    if former.prefix != destination.prefix:
        snapshots = list_own_objects(destination).snapshots
        there = {(destination.name_of(each.key), each.size) for each in snapshots}
        yield from (each for each in found.snapshots if (former.name_of(each.key), each.size) in there)


def delete_objects(destination: Destination, objects: tuple[StoredObject, ...]) -> Iterator[StoredObject]:
    """Delete objects, several at a time; each once it is gone.

    Args:
        destination: Where they are.
        objects: Which.

    Raises:
        S3UnavailableError: No usable answer from S3, after all tries.
        S3RefusedError: S3 refused the request, as without the permission s3:DeleteObject.
    """

    def delete(found: StoredObject) -> StoredObject:
        destination.bucket.delete(found.key)
        return found

    yield from at_once(delete, objects)

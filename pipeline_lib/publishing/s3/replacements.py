"""Objects that are replaced whole, so that an older state never takes the place of a newer one.

First the entity tags of what is there, then the database's content, then the writes, each on the condition
that its object is still the one of the tag. Whoever came between has newer content: 412 starts over. So no
lock is needed, and none would help against a request that is delayed on its way.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from pipeline_lib.errors import S3UnavailableError
from pipeline_lib.publishing.s3.destination import CSV, at_once
from pipeline_lib.publishing.s3.failures import ConditionFailedError
from pipeline_lib.publishing.s3.objects import Bucket, StoredObject

Contents = Callable[[Collection[str]], Mapping[str, bytes]]
"""Reads the newest contents of some keys, in a transaction that is over when it returns."""

_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Known:
    """What an object is known to be, without asking S3.

    Attributes:
        sha256: Of its bytes.
        etag: Its entity tag.
    """

    sha256: str
    etag: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An object that S3 holds as the database has it.

    Attributes:
        key: Its key.
        sha256: Of its bytes.
        etag: Its entity tag.
        is_written: Whether it was written now; False where it was there with these bytes.
    """

    key: str
    sha256: str
    etag: str
    is_written: bool


def replace_objects(
    bucket: Bucket, keys: Collection[str], known: Mapping[str, Known], read: Contents
) -> Iterator[Confirmed]:
    """Bring CSV objects up to what the database has; those that are so already are left alone.

    Args:
        bucket: Where they are.
        keys: Which.
        known: What they are known to be, as far as anybody knows; a wrong tag costs a question.
        read: Their contents. A key without one is left out.

    Yields:
        Each object once S3 has confirmed it, up to the first failure.

    Raises:
        S3ConflictError: S3 keeps other bytes than were sent.
        S3UnavailableError: No usable answer from S3, after all tries, or others replace them all the time.
        S3RefusedError: S3 refused the request.
    """
    pending = list(keys)
    for _ in range(_ROUNDS):
        unknown = [key for key in pending if key not in known]
        found = {**known, **dict(zip(unknown, at_once(bucket.find, unknown), strict=True))}
        contents = read(pending)
        tries = [_Try(bucket, key, contents[key], found[key]) for key in pending if key in contents]
        pending = []
        for one, confirmed in zip(tries, at_once(_bring_up, tries), strict=True):
            if confirmed is None:
                pending.append(one.key)
            else:
                yield confirmed
        if not pending:
            return
        known = {}
    raise S3UnavailableError(f"{bucket.location(pending[0])} is being replaced by others time and again")


@dataclass(frozen=True, slots=True)
class _Try:
    bucket: Bucket
    key: str
    content: bytes
    found: Known | StoredObject | None


def _bring_up(one: _Try) -> Confirmed | None:
    """Write an object unless it is the same; None when another process has changed it meanwhile."""
    found, sha256 = one.found, hashlib.sha256(one.content).hexdigest()
    if found and _is_same(one, found, sha256):
        return Confirmed(one.key, sha256, found.etag, is_written=False)
    try:
        etag = one.bucket.replace(one.key, one.content, CSV, found.etag if found else None)
    except ConditionFailedError:
        return None
    return Confirmed(one.key, sha256, etag, is_written=True)


def _is_same(one: _Try, found: Known | StoredObject, sha256: str) -> bool:
    if isinstance(found, Known):
        return found.sha256 == sha256
    return one.bucket.holds(found, one.content)

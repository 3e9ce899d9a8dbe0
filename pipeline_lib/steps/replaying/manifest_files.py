"""The files of manifests, proved by the chain that they form."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

from pipeline_lib.archive.manifest import SUFFIX, Link, Record, decode
from pipeline_lib.errors import ManifestDamagedError


def read_records(folder: Path) -> list[Record]:
    """What all manifests list, in the order of arrival.

    The last one may be open: versions without a database wrote it arrival by arrival, so a record that isn't
    whole may stand at its end.

    Raises:
        ManifestDamagedError: One is missing, unreadable, or not chained to the one before.
        OSError: One can't be read.
    """
    return list(_records(folder))


def _records(folder: Path) -> Iterator[Record]:
    previous: Link | None = None
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        content = path.read_bytes()
        try:
            day = date.fromisoformat(path.stem)
            manifest = decode(content)
        except ValueError as error:
            raise ManifestDamagedError(path, str(error)) from error
        if manifest.previous != previous:
            raise ManifestDamagedError(path, _unchained(previous, manifest.previous))
        yield from manifest.records
        previous = Link(day, sha256(content).hexdigest())


def _unchained(previous: Link | None, named: Link | None) -> str:
    if named is None:
        return "it says that it is the first, and others are there before it"
    if previous is None or previous.day != named.day:
        return f"it is chained to the manifest of {named.day}, which is missing"
    return f"the one of {named.day} has the sha256 {previous.sha256}, not {named.sha256} as this one says"

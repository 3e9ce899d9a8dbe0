"""Proves that the files of manifests are what the database's arrivals make."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.archive.manifest import SUFFIX
from pipeline_lib.database import manifests
from pipeline_lib.model.difference import Difference
from pipeline_lib.steps.archiving.manifests import DayManifest, manifest_path, read_manifests
from pipeline_lib.steps.verifying.order import REPLAY

if TYPE_CHECKING:
    from sqlalchemy import Connection

_RESTORE = (
    "restore it from a backup; without one, move the folder of manifests away and replay,"
    " which writes them as the database has them"
)


def check_manifests(connection: "Connection", pipeline: str, folder: Path) -> Iterator[Difference]:
    """Manifests that are missing, changed, or of no arrival.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        folder: Of its manifests.
    """
    *closed, last = chain([None], read_manifests(connection, pipeline))
    written = {each.day: each for each in manifests.read(connection, pipeline)}
    paths = set()
    for each in filter(None, closed):
        path = manifest_path(folder, each.day)
        paths.add(path)
        yield from _check_closed(path, each)
        if each.closed.day in written and written[each.closed.day] != each.closed:
            yield Difference(str(path), "the database has noted another hash of it", REPLAY)
    if last is not None:
        path = manifest_path(folder, last.day)
        paths.add(path)
        # Versions without a database wrote the open manifest arrival by arrival.
        if path.exists() and not last.content.startswith(path.read_bytes()):
            yield Difference(str(path), "it isn't the beginning of what the arrivals make", _RESTORE)
    for path in sorted(set(folder.glob(f"*{SUFFIX}")) - paths):
        yield Difference(str(path), "the database has no arrivals of it", f"{REPLAY}, or take it away")


def _check_closed(path: Path, manifest: DayManifest) -> Iterator[Difference]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        yield Difference(str(path), "it is missing", f"the next run writes it, or {REPLAY}")
        return
    if content != manifest.content:
        yield Difference(str(path), "it isn't what the arrivals make", _RESTORE)

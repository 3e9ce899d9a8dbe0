"""The archive's manifests: every snapshot that ever came, in the order of arrival, chained day by day.

A manifest is named by the UTC day of the newest snapshot when it was begun, ``2018-02-05.sha256``, and takes
what comes until a snapshot of a later day does. It then never changes again: the next one holds its hash. A
snapshot that comes late stands in the manifest of the day in which it came, so the chain is only ever added
to. The small file ``newest`` names the manifest that is being written and what that one is chained to; it is
replaced before a new manifest is begun, so a process that is killed between the two leaves what the next one
goes on with.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline_lib.archive.manifest import (
    SUFFIX,
    Link,
    Manifest,
    Record,
    decode,
    decode_link,
    encode_link,
    encode_record,
)
from pipeline_lib.errors import ManifestDamagedError
from pipeline_lib.store.files.durable_files import replace, sync_folder, write_at

_NEWEST = "newest"
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Newest:
    """The manifest that is being written.

    Attributes:
        day: The day that it is named by.
        previous: The manifest that it is chained to, or None when it is the first.
    """

    day: date
    previous: Link | None


def manifest_path(folder: Path, day: date) -> Path:
    """The manifest that is named by ``day``."""
    return folder / f"{day.isoformat()}{SUFFIX}"


def read_newest(folder: Path) -> Newest | None:
    """Which manifest is being written; None before the first snapshot.

    Raises:
        ManifestDamagedError: The file that says so is unreadable.
    """
    path = folder / _NEWEST
    try:
        first, _, rest = path.read_bytes().partition(b"\n")
        return Newest(date.fromisoformat(first.decode()), decode_link(rest))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ManifestDamagedError(path, str(error)) from error


def read_manifest(folder: Path, newest: Newest) -> Manifest:
    """The manifest that is being written; one without records while it is yet to be begun.

    Raises:
        ManifestDamagedError: It is unreadable, or chained to another one.
    """
    path = manifest_path(folder, newest.day)
    link = encode_link(newest.previous)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    if link.startswith(content):
        return Manifest(newest.previous, (), len(link))
    manifest = _decode_file(path, content)
    if manifest.previous != newest.previous:
        raise ManifestDamagedError(path, "it is chained to another manifest than it was begun with")
    return manifest


def last_moments(folder: Path) -> tuple[datetime | None, datetime | None]:
    """The moments of the last snapshot that came and of the one before it; None where there is none.

    Raises:
        ManifestDamagedError: One of the last two manifests is unreadable.
    """
    newest = read_newest(folder)
    if newest is None:
        return None, None
    manifest = read_manifest(folder, newest)
    moments = [record.moment for record in manifest.records[-2:]]
    while len(moments) < 2 and manifest.previous is not None:  # noqa: PLR2004 (the last two)
        manifest = _read_closed(folder, manifest.previous)
        moments = [record.moment for record in manifest.records[-2:]] + moments
    before, last = [None, None, *moments][-2:]
    return last, before


def add(folder: Path, record: Record) -> None:
    """Enter a snapshot as the last that came; only one process at a time may.

    Raises:
        ManifestDamagedError: The newest manifest is unreadable.
        OSError: The disk is full or read-only. The manifests then hold what they held.
    """
    newest = read_newest(folder)
    day = record.moment.date()
    if newest is None:
        newest = Newest(day, None)
        _write_newest(folder, newest)
    elif day > newest.day:
        content = _repaired(folder, newest)
        newest = Newest(day, Link(newest.day, hashlib.sha256(content).hexdigest()))
        _write_newest(folder, newest)
    content = _repaired(folder, newest)
    _write_at(manifest_path(folder, newest.day), len(content), encode_record(record))


def walk_back(folder: Path) -> Iterator[tuple[Path, Manifest]]:
    """All manifests with their files, newest first, each proved before it is given.

    Raises:
        ManifestDamagedError: One is missing, unreadable, or not the one that the next was chained to; the
            sound ones behind it are given first.
    """
    newest = read_newest(folder)
    if newest is None:
        return
    day, manifest = newest.day, read_manifest(folder, newest)
    yield manifest_path(folder, day), manifest
    while manifest.previous is not None:
        day, manifest = manifest.previous.day, _read_closed(folder, manifest.previous)
        yield manifest_path(folder, day), manifest


def _read_closed(folder: Path, link: Link) -> Manifest:
    path = manifest_path(folder, link.day)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ManifestDamagedError(path, "it is missing") from error
    found = hashlib.sha256(content).hexdigest()
    if found != link.sha256:
        raise ManifestDamagedError(path, f"its sha256 is {found}, not {link.sha256} as the next one says")
    return _decode_file(path, content)


def _decode_file(path: Path, content: bytes) -> Manifest:
    try:
        return decode(content)
    except ValueError as error:
        raise ManifestDamagedError(path, str(error)) from error


def _write_newest(folder: Path, newest: Newest) -> None:
    replace(folder / _NEWEST, newest.day.isoformat().encode() + b"\n" + encode_link(newest.previous))


def _repaired(folder: Path, newest: Newest) -> bytes:
    """The bytes of the manifest being written, begun if need be, without what a killed process left."""
    path, link = manifest_path(folder, newest.day), encode_link(newest.previous)
    manifest = read_manifest(folder, newest)
    content = path.read_bytes() if path.exists() else b""
    if link.startswith(content) and content != link:
        _write_at(path, 0, link)
        sync_folder(folder)
        return link
    if len(content) > manifest.length:
        os.truncate(path, manifest.length)
    return content[: manifest.length]


def _write_at(path: Path, end: int, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, _MODE)
    try:
        write_at(descriptor, end, content)
    finally:
        os.close(descriptor)

"""Proves that manifests, archive and raw log agree."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline_lib.archive import manifest_chain as manifests
from pipeline_lib.archive.manifest import Manifest, Record
from pipeline_lib.archive.snapshots import read_row
from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.errors import ManifestDamagedError, SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.model.difference import Difference
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.open_log import HEADER_BYTES

_RESTORE = "restore it from a backup or from S3"
_RESTORE_MANIFEST = (
    "restore it from a backup; without one, move the folder of manifests away and replay,"
    " which records the archive as it is now"
)
_REPLAY = "coin-pipelines replay"
_KEEP = "copy it elsewhere, then coin-pipelines replay --drop-unarchived"
_RECORD = "run its moment again, or coin-pipelines replay, which enters it into a manifest"

_SNAPSHOT_FILE = re.compile(r"\d{8}T\d{6}Z\.(?:json|csv)")


def check_manifests(layout: Layout) -> Iterator[Difference]:
    """What is wrong with the chain of manifests, back to where it breaks."""
    walked: set[Path] = set()
    try:
        for manifest_file, _ in manifests.walk_back(layout.manifests):
            walked.add(manifest_file)
    except ManifestDamagedError as error:
        yield Difference(str(error.path), error.message.partition(": ")[2], _RESTORE_MANIFEST)
        return
    for path in sorted(layout.manifests.glob("*.sha256")):
        if path not in walked:
            yield Difference(str(path), "no other manifest is chained to it", "compare it, then take it away")


def check_archive(layout: Layout) -> Iterator[Difference]:
    """Snapshot files that are missing, changed, or in no manifest."""
    with exclusive(layout.raw_log):
        listed = _read_listed(layout)
    hashes: dict[str, str] = {}
    for record in listed.records:
        json_path, csv_path = layout.snapshot_json(record.moment), layout.snapshot_csv(record.moment)
        if json_path.name in hashes:
            yield Difference(str(json_path), "the manifests list it twice", _RESTORE_MANIFEST)
        hashes |= {json_path.name: record.json_sha256, csv_path.name: record.csv_sha256}
    found = _snapshot_files(layout.archive)
    for name in sorted(found | hashes.keys()):
        path = layout.archive / name
        if name not in hashes:
            if listed.are_all:
                yield Difference(str(path), "no manifest lists it", _RECORD)
        elif name not in found:
            # The row beside a JSON file follows from it.
            fix = f"run its moment again, or {_RESTORE}" if path.suffix == ".csv" else _RESTORE
            yield Difference(str(path), "it is missing", fix)
        else:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 != hashes[name]:
                yield Difference(str(path), f"its sha256 is {sha256}, not {hashes[name]}", _RESTORE)


def check_log(layout: Layout) -> Iterator[Difference]:
    """Rows of the raw log that are missing, changed, without a snapshot, or in another order."""
    with exclusive(layout.raw_log):
        listed = _read_listed(layout)
        content = raw_log.read_bytes(layout.raw_log)
    place = str(layout.raw_log)
    archived = {_key(record.moment): _row(layout, record) for record in listed.records}
    if not content and not archived:
        return
    header, *lines = content.splitlines(keepends=True) or [b""]
    if header != HEADER_BYTES:
        yield Difference(f"{place}:1", "its header is another one", _REPLAY)
    found: dict[bytes, int] = {}
    for number, line in enumerate(lines, start=2):
        key = line.partition(b",")[0]
        if key in found:
            yield Difference(f"{place}:{number}", f"the row of line {found[key]} stands here again", _REPLAY)
            continue
        found[key] = number
        if archived.get(key, line) not in {line, None}:
            yield Difference(f"{place}:{number}", "the row isn't the archived one", _REPLAY)
        elif key not in archived and not _has_snapshot(layout, key):
            yield Difference(f"{place}:{number}", "the archive has no snapshot of this row", _KEEP)
    for key in archived:
        if key not in found:
            yield Difference(place, f"it lacks the row of {key.decode()}", _REPLAY)
    if found.keys() == archived.keys() and list(found) != list(archived):
        yield Difference(place, "its rows stand in another order than they came in", _REPLAY)


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the manifests list, in the order of arrival.

    Attributes:
        records: As far back as the chain can be followed; ``check_manifests`` tells where it breaks.
        are_all: Whether that is to its beginning.
    """

    records: list[Record]
    are_all: bool


def _read_listed(layout: Layout) -> _Listed:
    found: list[Manifest] = []
    are_all = True
    try:
        found.extend(manifest for _, manifest in manifests.walk_back(layout.manifests))
    except ManifestDamagedError:
        are_all = False
    return _Listed([record for manifest in reversed(found) for record in manifest.records], are_all)


def _row(layout: Layout, record: Record) -> bytes | None:
    """The row that must stand in the log; None when the snapshot can't say, which ``check_archive`` tells."""
    try:
        return read_row(layout, record)
    except (SnapshotMissingError, SnapshotDamagedError):
        return None


def _key(moment: datetime) -> bytes:
    return format_moment(moment).encode()


def _has_snapshot(layout: Layout, key: bytes) -> bool:
    try:
        return layout.snapshot_json(parse_moment(key.decode())).exists()
    except ValueError:
        return False


def _snapshot_files(folder: Path) -> set[str]:
    if not folder.exists():
        return set()
    return {entry.name for entry in os.scandir(folder) if _SNAPSHOT_FILE.fullmatch(entry.name)}

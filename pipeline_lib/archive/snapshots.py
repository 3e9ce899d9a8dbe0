"""The archive: one observation a run, with its source, written once and never changed.

``<timestamp>.json`` is the truth; ``<timestamp>.csv`` and all tables can be made again from it. The file
ends in the coin's part of CoinGecko's answer, letter for letter, and holds that text's SHA-256.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline_lib.archive.manifest import Record
from pipeline_lib.common.http.bounded_json import NumberText, read_json
from pipeline_lib.common.timestamps import format_key, format_moment, parse_moment
from pipeline_lib.errors import SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.model.observation import Observation, Provenance, Snapshot
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.files.durable_files import write_once
from pipeline_lib.store.log.raw_rows import HEADER, encode_row, from_fields, to_fields

_FORMAT = 1
_ANSWER_STARTS = '\n "answer": '
_ANSWER_ENDS = "\n}\n"
_OBSERVATION_STARTS = b'\n "observation": '
_SNAPSHOT_NAME = re.compile(r"(\d{8}T\d{6}Z)\.json")


def write_snapshot(layout: Layout, snapshot: Snapshot) -> Snapshot:
    """Archive a snapshot, first the JSON, then the CSV; what is there already stays as it is.

    Returns:
        What the archive keeps: an earlier snapshot of the moment where there is one.

    Raises:
        SnapshotDamagedError: A file is there, but isn't a snapshot of that moment.
        OSError: The disk is full or read-only.
    """
    moment = snapshot.observation.moment
    made = write_once(layout.snapshot_json(moment), encode_snapshot(snapshot))
    kept = snapshot if made else read_snapshot(layout, moment)
    complete_snapshot(layout, kept.observation)
    return kept


def complete_snapshot(layout: Layout, observation: Observation) -> None:
    """Write the one-row CSV beside an archived JSON unless it is there."""
    path = layout.snapshot_csv(observation.moment)
    if not path.exists():
        write_once(path, (HEADER + encode_row(observation)).encode())


def find_snapshot(layout: Layout, moment: datetime) -> Snapshot | None:
    """The archived observation of ``moment``, or None.

    Raises:
        SnapshotDamagedError: A file is there, but isn't a snapshot of that moment.
    """
    path = layout.snapshot_json(moment)
    if not path.exists():
        return None
    snapshot = _decode_file(path)
    if snapshot.observation.moment != moment:
        raise SnapshotDamagedError(path, f"it is of {format_moment(snapshot.observation.moment)}")
    return snapshot


def read_snapshot(layout: Layout, moment: datetime) -> Snapshot:
    """The archived observation of ``moment``.

    Raises:
        SnapshotMissingError: There is none.
        SnapshotDamagedError: A file is there, but isn't a snapshot of that moment.
    """
    snapshot = find_snapshot(layout, moment)
    if snapshot is None:
        raise SnapshotMissingError(layout.snapshot_json(moment))
    return snapshot


def read_row(layout: Layout, record: Record) -> bytes:
    """The raw log's row of a snapshot, which is proved by its hash in the manifest and not read further.

    Raises:
        SnapshotMissingError: The file is gone.
        SnapshotDamagedError: It isn't the one that was archived.
    """
    try:
        # A replay does this by the hundred thousand, and a Path takes longer to make than the file to read.
        with open(f"{layout.archive}/{format_key(record.moment)}.json", "rb", buffering=0) as file:  # noqa: PTH123
            content = file.read()
    except FileNotFoundError as error:
        raise SnapshotMissingError(layout.snapshot_json(record.moment)) from error
    found = hashlib.sha256(content).hexdigest()
    if found != record.json_sha256:
        reason = f"its sha256 is {found}, not {record.json_sha256} as archived"
        raise SnapshotDamagedError(layout.snapshot_json(record.moment), reason)
    start = content.find(_OBSERVATION_STARTS) + len(_OBSERVATION_STARTS)
    line = content[start : content.find(b",\n", start)].decode()
    return (",".join(json.loads(line).values()) + "\n").encode()


def archived_moments(layout: Layout) -> list[datetime]:
    """The moments that the archive's folder holds a JSON file of, oldest first; lists the whole folder."""
    if not layout.archive.exists():
        return []
    names = (entry.name for entry in os.scandir(layout.archive))
    keys = (found[1] for found in map(_SNAPSHOT_NAME.fullmatch, names) if found)
    return sorted(parse_moment(key) for key in keys)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The bytes of ``<timestamp>.json``; the same snapshot gives the same bytes."""
    provenance = snapshot.provenance
    source = {
        "url": provenance.url,
        "requested_at": format_moment(provenance.requested_at),
        "status": provenance.status,
        "sha256": _sha256(provenance.answer),
    }
    head = (
        f'{{\n "format": {_FORMAT},'
        f'\n "observation": {json.dumps(to_fields(snapshot.observation))},'
        f'\n "source": {json.dumps(source)},'
    )
    return (head + _ANSWER_STARTS + provenance.answer + _ANSWER_ENDS).encode()


def decode_snapshot(content: bytes) -> Snapshot:
    """Read the bytes of ``<timestamp>.json``.

    Raises:
        ValueError: They are no snapshot, or its hash doesn't fit; the text says why.
    """
    text = content.decode("utf-8")
    whole = _mapping(read_json(text))
    if whole.get("format") != str(_FORMAT):
        raise ValueError(f"format {whole.get('format')!r} instead of {_FORMAT}")
    _, separator, rest = text.partition(_ANSWER_STARTS)
    if not separator or not rest.endswith(_ANSWER_ENDS):
        raise ValueError("the answer doesn't stand at its end")
    answer = rest[: -len(_ANSWER_ENDS)]
    source = _mapping(whole.get("source"))
    if source.get("sha256") != _sha256(answer):
        raise ValueError("the answer's SHA-256 doesn't fit")
    provenance = Provenance(
        url=str(source.get("url")),
        requested_at=parse_moment(str(source.get("requested_at"))),
        status=int(str(source.get("status"))),
        answer=answer,
    )
    snapshot = Snapshot(from_fields(_texts(whole.get("observation"))), provenance)
    if encode_snapshot(snapshot) != content:
        raise ValueError("it isn't written as snapshots are")
    return snapshot


def _decode_file(path: Path) -> Snapshot:
    try:
        return decode_snapshot(path.read_bytes())
    except ValueError as error:
        raise SnapshotDamagedError(path, str(error)) from error


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a part is missing")  # noqa: TRY004 (a value of a file, not of a caller)
    return value


def _texts(value: object) -> Mapping[str, str]:
    texts = _mapping(value)
    if not all(isinstance(text, str) and not isinstance(text, NumberText) for text in texts.values()):
        raise ValueError("a value of the observation is not text")
    return texts


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

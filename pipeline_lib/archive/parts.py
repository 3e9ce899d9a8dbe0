"""The archive: what a run took from the market, written once and never changed.

``<timestamp>.json`` is the truth; ``<timestamp>.csv`` and everything else can be made from it again. Coins
that came later are in ``<timestamp>.2.json`` and so on; of two parts that hold a coin, the lower one counts.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from pipeline_lib.archive import format_1, format_2
from pipeline_lib.archive.manifest import Record
from pipeline_lib.archive.part import Head, Part
from pipeline_lib.archive.rows import HEADER, encode_row
from pipeline_lib.archive.store import Archive
from pipeline_lib.common.timestamps import format_moment, parse_moment, part_key
from pipeline_lib.errors import SnapshotDamagedError, SnapshotMissingError
from pipeline_lib.model.observation import Archived

MOST_BYTES = 256 * 1024 * 1024
"""How long an archived file may be; what CoinGecko answers is bounded far below that."""

_PART_NAME = re.compile(r"(\d{8}T\d{6}Z)(?:\.([2-9]|[1-9]\d{1,5}))?\.json", re.ASCII)
_ANY_NAME = re.compile(r"\d{8}T\d{6}Z(?:\.[1-9]\d{0,5})?\.(?:json|csv)|keeper(?:\.\d+)?", re.ASCII)


def add_snapshots(
    archive: Archive, pipeline: str, snapshots: Sequence[Archived], members: Collection[str] = ()
) -> tuple[Part, ...]:
    """Archive what no part of the moment holds yet, as its next part; what is there stays as it is.

    Args:
        archive: The pipeline's archive.
        pipeline: Its name.
        snapshots: At least one, all of one moment and one currency, each coin once.
        members: The coins that belong to the pipeline at the moment.

    Returns:
        All parts of the moment, lowest first, each with its CSV beside it.

    Raises:
        SnapshotDamagedError: A file is there, but isn't a part of that moment.
        OSError: The disk is full or read-only.
    """
    moment = snapshots[0].observation.moment
    new = {_series(each): each for each in snapshots}
    parts: list[Part] = []
    while True:
        number = len(parts) + 1
        part = read_part(archive, moment, number)
        if part is None:
            if not new:
                return tuple(parts)
            by_coin = sorted(new.values(), key=lambda each: each.observation.coin)
            held = {coin for known in parts for coin in known.coins} | {coin for coin, _ in new}
            part = Part(pipeline, number, tuple(by_coin), tuple(sorted({*members} - held)))
            if not archive.create(_json_name(moment, number), format_2.encode(part)):
                # Another process was faster: what it has needn't come again.
                continue
        complete_part(archive, part)
        parts.append(part)
        for each in part.snapshots:
            new.pop(_series(each), None)


def complete_part(archive: Archive, part: Part) -> None:
    """Write the CSV beside an archived JSON, with a row a coin, unless it is there.

    Raises:
        OSError: The disk is full or read-only.
    """
    name = _csv_name(part.moment, part.number)
    if not archive.exists(name):
        archive.create(name, encode_csv(part))


def encode_csv(part: Part) -> bytes:
    """The bytes of ``<timestamp>.csv``."""
    return "".join([HEADER, *(encode_row(each.observation) for each in part.snapshots)]).encode()


def read_part(archive: Archive, moment: datetime, number: int) -> Part | None:
    """A part of a moment, or None where there is none of that number.

    Args:
        archive: The pipeline's archive.
        moment: The run's moment (UTC).
        number: From 1.

    Raises:
        SnapshotDamagedError: A file is there, but isn't that part.
        OSError: It can't be read.
    """
    name = _json_name(moment, number)
    content = archive.read(name, MOST_BYTES + 1)
    if content is None:
        return None
    try:
        part = decode_part(content)
    except ValueError as error:
        raise SnapshotDamagedError(archive.location(name), str(error)) from error
    if (part.moment, part.number) != (moment, number):
        reason = f"it is part {part.number} of {format_moment(part.moment)}"
        raise SnapshotDamagedError(archive.location(name), reason)
    return part


def read_parts(archive: Archive, moment: datetime) -> tuple[Part, ...]:
    """All parts of a moment, lowest first; none where nothing was archived.

    Raises:
        SnapshotDamagedError: A file is there, but isn't that part.
        OSError: It can't be read.
    """
    parts: list[Part] = []
    while part := read_part(archive, moment, len(parts) + 1):
        parts.append(part)
    return tuple(parts)


def find_snapshot(parts: Sequence[Part], coin: str, vs_currency: str) -> Archived | None:
    """What parts of one moment hold of a coin, or None; the lowest part counts.

    Args:
        parts: Lowest first.
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
    """
    snapshots = (each for part in parts for each in part.snapshots)
    return next((each for each in snapshots if _series(each) == (coin, vs_currency)), None)


def decode_part(content: bytes) -> Part:
    """Read the bytes of ``<timestamp>.json``, of whichever format.

    Raises:
        ValueError: They are no part, or not letter for letter as parts are written; the text says why.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is longer than {MOST_BYTES} bytes")
    if content.startswith(format_1.STARTS):
        return format_1.decode(content)
    return format_2.decode(content)


def read_recorded(archive: Archive, record: Record) -> Head:
    """The observations of a part, which is proved by the hash that was recorded of it, and not read further.

    Raises:
        SnapshotMissingError: It is gone.
        SnapshotDamagedError: It isn't the one that was archived.
        OSError: It can't be read.
    """
    name = _json_name(record.moment, record.part)
    content = _read(archive, name)
    found = sha256(content).hexdigest()
    if found != record.json_sha256:
        reason = f"its sha256 is {found}, not {record.json_sha256} as archived"
        raise SnapshotDamagedError(archive.location(name), reason)
    if content.startswith(format_1.STARTS):
        return format_1.decode_head(content)
    return format_2.decode_head(content)


def record_of(archive: Archive, moment: datetime, number: int) -> Record:
    """The hashes of an archived part, for the order of arrival.

    Args:
        archive: The pipeline's archive.
        moment: The run's moment (UTC).
        number: From 1.

    Raises:
        SnapshotMissingError: One of its two files isn't there.
        OSError: One can't be read.
    """
    names = _json_name(moment, number), _csv_name(moment, number)
    json_sha256, csv_sha256 = (sha256(_read(archive, name)).hexdigest() for name in names)
    return Record(moment, json_sha256, csv_sha256, number)


class PartKey(NamedTuple):
    """Which part of which moment; sorts by time. A replay looks for a hundred thousand in dictionaries.

    Attributes:
        moment: The run's moment (UTC).
        number: From 1.
    """

    moment: datetime
    number: int


def archived_parts(archive: Archive, known: Collection[PartKey] = ()) -> list[PartKey]:
    """All parts that the archive holds a JSON file of, oldest first; lists the whole archive.

    Args:
        archive: The pipeline's archive.
        known: Parts to leave out.

    Raises:
        OSError: It can't be listed.
    """
    left_out = {_json_name(key.moment, key.number) for key in known}
    found = (_PART_NAME.fullmatch(name) for name in archive.names() if name not in left_out)
    return sorted(PartKey(parse_moment(name[1]), int(name[2] or 1)) for name in found if name)


def is_archived_name(name: str) -> bool:
    """Whether a content of this name belongs to an archive; people may have put others beside them."""
    return _ANY_NAME.fullmatch(name) is not None


def _read(archive: Archive, name: str) -> bytes:
    content = archive.read(name, MOST_BYTES + 1)
    if content is None:
        raise SnapshotMissingError(archive.location(name))
    return content


def _json_name(moment: datetime, number: int) -> str:
    return f"{part_key(moment, number)}.json"


def _csv_name(moment: datetime, number: int) -> str:
    return f"{part_key(moment, number)}.csv"


def _series(snapshot: Archived) -> tuple[str, str]:
    return snapshot.observation.coin, snapshot.observation.vs_currency

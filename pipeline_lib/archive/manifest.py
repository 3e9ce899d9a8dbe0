"""The manifest of one day: which snapshots came, with their hashes, and the hash of the manifest before.

::

    # previous 2018-02-04 3f0e…
    9a41…  20180205T140000Z.json
    77c2…  20180205T140000Z.csv

The lines are those of ``sha256sum``, so ``sha256sum --check`` proves a day from within the archive's folder.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from pipeline_lib.common.timestamps import parse_moment, part_key

SUFFIX = ".sha256"

_LINK = re.compile(rb"# (?:first|previous (\d{4}-\d\d-\d\d) ([0-9a-f]{64}))\n")
_KEY = r"(\d{8}T\d{6}Z(?:\.(?:[2-9]|[1-9]\d{1,5}))?)"
_RECORD = re.compile(rf"([0-9a-f]{{64}})  {_KEY}\.json\n([0-9a-f]{{64}})  {_KEY}\.csv\n", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """What a manifest says of the one before it.

    Attributes:
        day: The day that it is named by.
        sha256: The hash of its bytes.
    """

    day: date
    sha256: str


class Record(NamedTuple):
    """A snapshot as it was archived. A replay reads a hundred thousand.

    Attributes:
        moment: The run's moment (UTC).
        json_sha256: The hash of ``<timestamp>.json``.
        csv_sha256: The hash of ``<timestamp>.csv``.
        part: 1 for the first of its moment, whose files are named by the moment alone.
    """

    moment: datetime
    json_sha256: str
    csv_sha256: str
    part: int = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """One day's manifest.

    Attributes:
        previous: The manifest before, or None when this is the first of all.
        records: What came, in the order of arrival.
        length: Bytes up to the end of the last whole record; more is what a killed process left.
    """

    previous: Link | None
    records: tuple[Record, ...]
    length: int


def encode_link(previous: Link | None) -> bytes:
    """The first line of a manifest."""
    if previous is None:
        return b"# first\n"
    return f"# previous {previous.day.isoformat()} {previous.sha256}\n".encode()


def encode_record(record: Record) -> bytes:
    """The two lines of a snapshot."""
    key = part_key(record.moment, record.part)
    return f"{record.json_sha256}  {key}.json\n{record.csv_sha256}  {key}.csv\n".encode()


def encode(previous: Link | None, records: Iterable[Record]) -> bytes:
    """A manifest's bytes.

    Args:
        previous: The manifest before, or None for the first of all.
        records: What came, in the order of arrival.
    """
    return b"".join([encode_link(previous), *map(encode_record, records)])


def decode_link(line: bytes) -> Link | None:
    """Read the first line of a manifest.

    Raises:
        ValueError: It is no such line.
    """
    found = _LINK.fullmatch(line)
    if found is None:
        raise ValueError("it doesn't begin with a link to the manifest before")
    day, sha256 = found.groups()
    return Link(date.fromisoformat(day.decode()), sha256.decode()) if day else None


def decode(content: bytes) -> Manifest:
    """Read a manifest; a last record that isn't whole is left out.

    Raises:
        ValueError: It is none; the text says why.
    """
    length = content.find(b"\n") + 1
    previous = decode_link(content[:length])
    # Latin-1 takes any byte for one letter, so places in the text are places in the file.
    text = content.decode("latin-1")
    records = []
    while found := _RECORD.match(text, length):
        json_sha256, key, csv_sha256, csv_key = found.groups()
        if key != csv_key:
            raise ValueError(f"{key}.json is followed by {csv_key}.csv")
        moment, _, part = key.partition(".")
        records.append(Record(parse_moment(moment), json_sha256, csv_sha256, int(part or 1)))
        length = found.end()
    if content.count(b"\n", length) > 1:
        number = content.count(b"\n", 0, length) + 1
        raise ValueError(f"its line {number} is not the hash of a snapshot")
    return Manifest(previous, tuple(records), length)

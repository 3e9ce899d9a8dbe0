"""Notes on what S3 holds, so that a run needn't ask.

They are a cache: a note that is lost or can't be read is made again by asking S3, and one that is wrong is
found by verifying. So a note is written after S3 has confirmed what it says, and never before.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.files.durable_files import replace

Note = TypeVar("Note")


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first bytes of a file that grows.

    Attributes:
        length: How many.
        sha256: Of these, in hexadecimal digits.
    """

    length: int
    sha256: str

    @classmethod
    def of(cls, content: bytes, length: int | None = None) -> "Prefix":
        """The first ``length`` bytes of ``content``, or all."""
        length = len(content) if length is None else length
        return cls(length, hashlib.sha256(memoryview(content)[:length]).hexdigest())

    def begins(self, content: bytes) -> bool:
        """Whether ``content`` still begins with these bytes: whether it has only grown."""
        return self.length <= len(content) and self == Prefix.of(content, self.length)


NOTHING = Prefix.of(b"")


@dataclass(frozen=True, slots=True)
class RawNote:
    """How far the raw log is published.

    Attributes:
        covered: The rows whose snapshots S3 has, but for those of ``waiting``.
        waiting: Moments (UTC) of rows in ``covered`` whose snapshots it lacks, those never tried first.
        whole_sha256: Of the whole log as it was last published, or None.
    """

    covered: Prefix = NOTHING
    waiting: tuple[datetime, ...] = ()
    whole_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessedNote:
    """How far the processed table is published.

    Attributes:
        covered: The header and the rows of all days whose partitions S3 has as they stand there.
        whole_sha256: Of the whole table as it was last published, or None.
    """

    covered: Prefix = NOTHING
    whole_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class PublishState:
    """The notes of one pipeline about one destination.

    Attributes:
        folder: ``data/published/<name>/<fingerprint of the destination>``.
    """

    folder: Path

    @classmethod
    def of(cls, layout: Layout, destination: Destination) -> "PublishState":
        """The notes of a pipeline about ``destination``; another bucket has its own."""
        return cls(layout.published / destination.fingerprint())

    @property
    def raw_path(self) -> Path:
        """The note on the raw log; its lock is that of publishing it."""
        return self.folder / "raw.json"

    @property
    def processed_path(self) -> Path:
        """The note on the processed table; its lock is that of publishing it."""
        return self.folder / "processed.json"

    def read_raw(self) -> RawNote | None:
        """The note on the raw log, or None when there is none that can be read."""
        return _read(
            self.raw_path,
            lambda values: RawNote(
                covered=_extent(values),
                waiting=tuple(parse_moment(text) for text in values["waiting"]),
                whole_sha256=values["whole_sha256"],
            ),
        )

    def write_raw(self, note: RawNote) -> None:
        """Replace the note on the raw log.

        Raises:
            OSError: The disk is full or read-only.
        """
        waiting = [format_moment(moment) for moment in note.waiting]
        _write(self.raw_path, _values(note.covered, note.whole_sha256) | {"waiting": waiting})

    def read_processed(self) -> ProcessedNote | None:
        """The note on the processed table, or None when there is none that can be read."""
        return _read(
            self.processed_path,
            lambda values: ProcessedNote(_extent(values), values["whole_sha256"]),
        )

    def write_processed(self, note: ProcessedNote) -> None:
        """Replace the note on the processed table.

        Raises:
            OSError: The disk is full or read-only.
        """
        _write(self.processed_path, _values(note.covered, note.whole_sha256))

    def read_days(self, month: str) -> dict[str, str]:
        """The SHA-256 of each published day of ``month`` (``2018-02``), by day (``2018-02-05``)."""
        return _read(self._month_path(month), lambda values: dict(values["days"])) or {}

    def write_days(self, month: str, days: Mapping[str, str]) -> None:
        """Replace the hashes of the days of a month.

        Raises:
            OSError: The disk is full or read-only.
        """
        _write(self._month_path(month), {"days": dict(sorted(days.items()))})

    def forget(self) -> None:
        """Drop all notes, so that the next publication asks S3 about everything."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def _month_path(self, month: str) -> Path:
        return self.folder / f"processed-{month}.json"


def _values(covered: Prefix, whole_sha256: str | None) -> dict[str, Any]:
    return {
        "covered_bytes": covered.length,
        "covered_sha256": covered.sha256,
        "whole_sha256": whole_sha256,
    }


def _extent(values: Mapping[str, Any]) -> Prefix:
    return Prefix(int(values["covered_bytes"]), str(values["covered_sha256"]))


def _write(path: Path, values: Mapping[str, Any]) -> None:
    content = (json.dumps(values, indent=1) + "\n").encode()
    if not path.exists() or path.read_bytes() != content:
        replace(path, content)


def _read(path: Path, decode: Callable[[Mapping[str, Any]], Note]) -> Note | None:
    try:
        return decode(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # Not ours, or damaged: a note says nothing that S3 doesn't know better.
        return None

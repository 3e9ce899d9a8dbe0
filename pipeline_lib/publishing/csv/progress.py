"""What a file was when it was last written: a hidden file beside it.

The checksum is CRC-32, which goes on from where an earlier one ended: an appended row needn't read those
before it. It tells what people and programs do to a file; what an attacker does, only the archive tells.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

from pipeline_lib.common.durable_files import replace


@dataclass(frozen=True, slots=True)
class Written:
    """A file's content, and what it was made from.

    Attributes:
        size: Bytes.
        checksum: CRC-32 of them.
        rows: Lines without the header.
        last: Moment of the last line, as it stands there.
        made_by: The table's own ``made_by``.
        arrival: Number of the newest arrival that the lines follow from.
        chain: The hash over all arrivals up to it.
    """

    size: int
    checksum: int
    rows: int
    last: str
    made_by: str
    arrival: int
    chain: str

    def proves(self, content: bytes) -> bool:
        """Whether ``content`` is the file's."""
        return len(content) == self.size and crc32(content) == self.checksum


@dataclass(frozen=True, slots=True)
class Progress:
    """A note beside a file.

    Attributes:
        written: What the file is; None before the first time.
        modified_ns: When it was changed last, by the file system; 0 while that isn't known.
        intended: What a write that may have been killed would have made of it; None after the write.
    """

    written: Written | None
    modified_ns: int = 0
    intended: Written | None = None

    def is_fresh(self, status: os.stat_result) -> bool:
        """Whether nobody has written to the file since, as far as its length and time tell."""
        return (
            self.intended is None
            and self.written is not None
            and (status.st_size, status.st_mtime_ns) == (self.written.size, self.modified_ns)
        )


def read(path: Path) -> Progress | None:
    """The note beside a file; None when there is none, or it is unreadable."""
    try:
        values = json.loads(note_path(path).read_bytes())
        written, intended = (values[name] and Written(**values[name]) for name in ("written", "intended"))
        return Progress(written, int(values["modified_ns"]), intended)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def write(path: Path, progress: Progress) -> None:
    """Replace the note beside a file.

    Raises:
        OSError: The disk is full or read-only.
    """
    replace(note_path(path), json.dumps(asdict(progress)).encode() + b"\n")


def note_path(path: Path) -> Path:
    """Where the note beside a file lies."""
    return path.with_name(f".{path.name}.progress")

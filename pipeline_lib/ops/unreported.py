"""What operators weren't told, or were told without a record, while the database couldn't be reached.

A file of this machine, since the database is away. It is a help, no promise: a worker's disk may be empty.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline_lib.common.timestamps import format_moment, parse_moment

_FILE = "unreported_ops_alerts.jsonl"
_LONGEST_LIST = 1_000


@dataclass(frozen=True, slots=True)
class Unreported:
    """One thing that happened.

    Attributes:
        title: What; a second one of the same title isn't kept.
        run_moment: Of the run that it happened to (UTC).
        noted_at: When, by the real clock (UTC).
        is_sent: Whether operators were notified of it.
    """

    title: str
    run_moment: datetime
    noted_at: datetime
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class UnreportedNotices:
    """What this machine remembers until the database is back.

    Attributes:
        path: The file, which is there only while there is something in it.
    """

    path: Path

    @classmethod
    def below(cls, data_dir: Path) -> "UnreportedNotices":
        """Those of a data folder."""
        return cls(data_dir / _FILE)

    def add(self, unreported: Unreported) -> None:
        """Remember one more.

        Raises:
            OSError: The disk is full or read-only.
        """
        known = self.read()
        if len(known) >= _LONGEST_LIST or any(_is_same(each, unreported) for each in known):
            return
        fields = {
            "title": unreported.title,
            "run": format_moment(unreported.run_moment),
            "noted_at": format_moment(unreported.noted_at),
            "is_sent": unreported.is_sent,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")

    def read(self) -> Sequence[Unreported]:
        """All that is remembered, oldest first; a line that isn't whole is left out."""
        return _read(self.path)

    def take(self) -> Sequence[Unreported]:
        """All that is remembered, which this process alone has now.

        Raises:
            OSError: The disk is read-only.
        """
        taken = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.replace(taken)
        except FileNotFoundError:
            return ()
        found = _read(taken)
        taken.unlink()
        return found


def _read(path: Path) -> Sequence[Unreported]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    return [found for line in lines if (found := _parse(line))]


def _parse(line: str) -> Unreported | None:
    try:
        fields = json.loads(line)
        return Unreported(
            title=str(fields["title"]),
            run_moment=parse_moment(fields["run"]),
            noted_at=parse_moment(fields["noted_at"]),
            is_sent=bool(fields["is_sent"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _is_same(one: Unreported, other: Unreported) -> bool:
    return (one.title, one.is_sent) == (other.title, other.is_sent) and not one.is_sent

"""Answers of the market that pipelines of one currency and one moment share.

::

    coingecko/answers/20180205/usd/20180205T140000Z/pages.json       what is asked for together
                                                    0.answer         what came back for the first page
                                                    0.failure.json   or why nothing did

A cache: what can't be read is as good as not there, and everything may be deleted.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline_lib.common.timestamps import format_key, format_moment, parse_moment
from pipeline_lib.errors import StoreBusyError
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive

_FORMAT = 1
_DAY = timedelta(days=1)
_KEPT_DAYS = 2

Page = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedAnswers:
    """The answers of one currency for one moment.

    Pages are only ever added, so that a page's number, from 0, always means the same coins.

    Attributes:
        root: Folder of all shared answers.
        folder: Folder of these.
    """

    root: Path
    folder: Path

    @classmethod
    def of(cls, root: Path, vs_currency: str, moment: datetime, now: datetime) -> "SharedAnswers":
        """The answers for ``moment``.

        Args:
            root: Folder of all shared answers.
            vs_currency: The currency that prices are in.
            moment: The runs' moment.
            now: The real clock. Days are folders, and old ones are removed: whatever its moment, an answer
                that is in use lies in a day that is not old.
        """
        day = max(min(moment, now), now - _DAY)
        return cls(root, root / format_key(day)[:8] / vs_currency / format_key(moment))

    def pages(self) -> tuple[Page, ...]:
        """The coins of each page; none before the first page is planned."""
        content = _read(self.pages_path)
        try:
            return tuple(tuple(map(str, page)) for page in json.loads(content)["pages"])
        except (ValueError, KeyError, TypeError):
            return ()

    def add_pages(self, pages: tuple[Page, ...]) -> None:
        """Plan more pages; for the holder of the lock of ``pages_path`` alone."""
        content = json.dumps({"format": _FORMAT, "pages": self.pages() + pages})
        replace(self.pages_path, content.encode())

    def answer(self, number: int) -> MarketAnswer | None:
        """The answer for a page, or None."""
        try:
            return decode_answer(_read(self.answer_path(number)))
        except (ValueError, KeyError, TypeError):
            return None

    def keep_answer(self, number: int, answer: MarketAnswer) -> None:
        """Share the answer for a page."""
        replace(self.answer_path(number), encode_answer(answer))

    def remove_old_days(self, now: datetime) -> None:
        """Remove the folders of days that no task can be looking at any more."""
        oldest = format_key(now - _KEPT_DAYS * _DAY)[:8]
        days = [path for path in self.root.iterdir() if path.name.isdecimal() and path.name < oldest]
        if not days:
            return
        try:
            with exclusive(self.root / "removal", longest_wait=0):
                for day in days:
                    if day.exists():
                        shutil.rmtree(day)
        except StoreBusyError:
            # Another process is removing them just now.
            return

    @property
    def pages_path(self) -> Path:
        """Which coins are asked for together."""
        return self.folder / "pages.json"

    def answer_path(self, number: int) -> Path:
        """The answer for a page; its lock is held by the one process that asks."""
        return self.folder / f"{number}.answer"

    def failure_path(self, number: int) -> Path:
        """Why the last try to get the page's answer failed."""
        return self.folder / f"{number}.failure.json"

    def asker_path(self, number: int) -> Path:
        """Who holds the lock of the answer."""
        return self.folder / f"{number}.asker.json"


def encode_answer(answer: MarketAnswer) -> bytes:
    """A line of JSON that describes the answer, then its body, byte for byte."""
    head = {
        "format": _FORMAT,
        "vs_currency": answer.vs_currency,
        "coins": answer.coins,
        "url": answer.url,
        "requested_at": format_moment(answer.requested_at),
        "sha256": hashlib.sha256(answer.body).hexdigest(),
    }
    return json.dumps(head).encode() + b"\n" + answer.body


def decode_answer(content: bytes) -> MarketAnswer:
    """Read what ``encode_answer`` wrote.

    Raises:
        ValueError: It is something else, or the body's hash doesn't fit.
        KeyError: A part is missing.
        TypeError: A part is of another type.
    """
    first_line, _, body = content.partition(b"\n")
    head: dict[str, Any] = json.loads(first_line)
    if head["format"] != _FORMAT or head["sha256"] != hashlib.sha256(body).hexdigest():
        raise ValueError("the answer isn't as it was kept")
    return MarketAnswer(
        vs_currency=str(head["vs_currency"]),
        coins=tuple(map(str, head["coins"])),
        url=str(head["url"]),
        requested_at=parse_moment(head["requested_at"]),
        body=body,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""

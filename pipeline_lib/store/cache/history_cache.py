"""Answers of CoinGecko's history, kept so that one call serves all runs that need some of it.

``data/history/<coin>-<currency>/<start>-<end>-<asked>.json`` holds one answer, letter for letter, with its
SHA-256. The files belong to the coin, not to a pipeline; they can be deleted at any time.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline_lib.common.timestamps import format_key, format_moment, parse_moment
from pipeline_lib.model.answers import HistoryAnswer
from pipeline_lib.settings import Settings
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive

_FORMAT = 1
_KEY = r"[0-9]{8}T[0-9]{6}Z"
_NAME = re.compile(rf"({_KEY})-({_KEY})-({_KEY})\.json")
_ANSWER_STARTS = b'\n "answer": '
_ANSWER_ENDS = b"\n}\n"

_LONGEST_AGE = timedelta(days=7)
_CLOCKS_DIFFER_BY = timedelta(minutes=1)
# Five ranges of 89 days make a year.
_MOST_ANSWERS = 8
# As long as one process may take to ask, with all its tries and the waits in between.
_LONGEST_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class HistoryCache:
    """The answers kept of one coin in one currency.

    Attributes:
        folder: Where they lie.
        now: The time by the real clock; answers that are older than a week by it count as none.
    """

    folder: Path
    now: datetime

    @classmethod
    def of(cls, coin: str, vs_currency: str, settings: Settings, now: datetime) -> "HistoryCache":
        """The answers of a coin, which all its pipelines share."""
        return cls(settings.data_dir / "history" / f"{coin}-{vs_currency}", now)

    def find(self, start: datetime, end: datetime, asked_from: datetime) -> HistoryAnswer | None:
        """The latest answer that covers a range of time, or None.

        A file that is torn, or that somebody else put there, counts as none.

        Args:
            start: The first moment that must be in it.
            end: The last one.
            asked_from: The earliest time at which it may have been asked for.

        Raises:
            OSError: A file can't be read.
        """
        for name in reversed(self._usable()):
            if name.start <= start and end <= name.end and asked_from <= name.requested_at:
                answer = _read(name)
                if answer is not None:
                    return answer
        return None

    def starts(self) -> list[datetime]:
        """Where the ranges at hand begin."""
        return [name.start for name in self._usable()]

    def keep(self, answer: HistoryAnswer) -> None:
        """Keep an answer; let go of those of any coin that are too old, and of this coin's beyond eight.

        Raises:
            OSError: The disk is full or read-only.
        """
        keys = (format_key(moment) for moment in (answer.start, answer.end, answer.requested_at))
        replace(self.folder / f"{'-'.join(keys)}.json", _encode(answer))
        surplus = [
            *(
                name
                for folder in self.folder.parent.iterdir()
                for name in _names(folder)
                if self.now - name.requested_at > _LONGEST_AGE
            ),
            *self._usable()[:-_MOST_ANSWERS],
        ]
        for name in surplus:
            name.path.unlink(missing_ok=True)

    def lock(self) -> AbstractContextManager[None]:
        """Held by the one process that asks, while others wait for its answer.

        Raises:
            StoreBusyError: Another process held it for five minutes.
        """
        return exclusive(self.folder / "asking", longest_wait=_LONGEST_WAIT_SECONDS)

    def _usable(self) -> list["_Name"]:
        """The files that may be used, the latest answer last."""
        usable = (
            name
            for name in _names(self.folder)
            # Another process may have asked just now; what lies in the future is of a clock that was wrong.
            if -_CLOCKS_DIFFER_BY <= self.now - name.requested_at <= _LONGEST_AGE
        )
        return sorted(usable, key=lambda name: (name.requested_at, name.start))


@dataclass(frozen=True, slots=True)
class _Name:
    """What a file's name says of its answer."""

    path: Path
    start: datetime
    end: datetime
    requested_at: datetime


def _names(folder: Path) -> Iterator[_Name]:
    for path in folder.glob("*.json"):
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        try:
            yield _Name(path, *(parse_moment(key) for key in match.groups()))
        except ValueError:  # 30 February
            continue


def _encode(answer: HistoryAnswer) -> bytes:
    return _head(answer) + _ANSWER_STARTS + answer.body + _ANSWER_ENDS


def _head(answer: HistoryAnswer) -> bytes:
    source = {
        "url": answer.url,
        "from": format_moment(answer.start),
        "to": format_moment(answer.end),
        "requested_at": format_moment(answer.requested_at),
        "sha256": hashlib.sha256(answer.body).hexdigest(),
    }
    return f'{{\n "format": {_FORMAT},\n "source": {json.dumps(source)},'.encode()


def _read(name: _Name) -> HistoryAnswer | None:
    try:
        content = name.path.read_bytes()
    except FileNotFoundError:  # another process has let go of it
        return None
    head, _, rest = content.partition(_ANSWER_STARTS)
    if not rest.endswith(_ANSWER_ENDS):
        return None
    body = rest[: -len(_ANSWER_ENDS)]
    url = _url(head)
    answer = HistoryAnswer(name.start, name.end, name.requested_at, url, body)
    # The head holds the body's hash, and what the name says.
    return answer if head == _head(answer) else None


def _url(head: bytes) -> str:
    try:
        document = json.loads(head.removesuffix(b",") + b"}")
    except ValueError:
        return ""
    source = document.get("source")
    return str(source.get("url")) if isinstance(source, dict) else ""

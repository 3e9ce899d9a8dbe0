"""The record of what became of events: delivered, with the message, or why not. Each is delivered once.

One file for each message, ``<moment of the run>.json``; a second one of the same run is ``…-2.json``.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any

from pipeline_lib.common.timestamps import format_key, format_moment, parse_moment
from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.model.events import Event, EventKey
from pipeline_lib.store.files.durable_files import write_once
from pipeline_lib.store.state.event_json import decode_event, encode_event

_NAME = re.compile(r"(?P<key>[0-9]{8}T[0-9]{6}Z)(?:-(?P<number>[0-9]+))?\.json")


class DeliveryStatus(Enum):
    """What became of events."""

    DELIVERED = "delivered"
    """A message with them was taken."""
    EXPIRED = "expired"
    """They stayed undelivered for a day."""
    BACKFILLED = "backfilled"
    """They came about by a backfilled run, which sends no alerts."""


# Files keep their first word for it, so that every version reads those of every other.
_IN_FILES = {status: status.value for status in DeliveryStatus} | {DeliveryStatus.DELIVERED: "told"}
_OF_FILES = {word: status for status, word in _IN_FILES.items()}


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """What became of some events of a pipeline.

    Attributes:
        status: The same for all of them.
        run_moment: Of the run that saw to them (UTC).
        recorded_at: When, by the real clock (UTC).
        events: At least one.
        message: What Slack took, or None.
    """

    status: DeliveryStatus
    run_moment: datetime
    recorded_at: datetime
    events: Sequence[Event]
    message: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AlertRecords:
    """The records of one pipeline.

    Attributes:
        folder: ``data/alerts/bitcoin``.
    """

    folder: Path

    def add(self, record: AlertRecord) -> None:
        """Keep a record, whole or not at all, beside all others.

        Raises:
            OSError: The disk is full or read-only.
        """
        content = {
            "fate": _IN_FILES[record.status],
            "run": format_moment(record.run_moment),
            "recorded_at": format_moment(record.recorded_at),
            "events": [encode_event(event) for event in record.events],
            "message": record.message,
        }
        encoded = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
        key = format_key(record.run_moment)
        for number in count(1):
            name = f"{key}.json" if number == 1 else f"{key}-{number}.json"
            if write_once(self.folder / name, encoded):
                return

    def since(self, moment: datetime) -> list[AlertRecord]:
        """The records of runs at or after ``moment``, by the runs' moments.

        Raises:
            AlertStateDamagedError: A file can't be read.
        """
        first = format_key(moment)
        return [_read(path) for key, _, path in sorted(self._files()) if key >= first]

    def _files(self) -> Iterator[tuple[str, int, Path]]:
        try:
            for path in self.folder.iterdir():
                if match := _NAME.fullmatch(path.name):
                    yield match["key"], int(match["number"] or 1), path
        except FileNotFoundError:
            return


def settled_keys(records: Sequence[AlertRecord]) -> frozenset[EventKey]:
    """The events that are never pending again."""
    return frozenset(event.key for record in records for event in record.events)


def delivered_events(records: Sequence[AlertRecord]) -> tuple[Event, ...]:
    """The events of delivered messages."""
    return tuple(
        event for record in records if record.status is DeliveryStatus.DELIVERED for event in record.events
    )


def _read(path: Path) -> AlertRecord:
    try:
        content = json.loads(path.read_bytes())
        return AlertRecord(
            status=_OF_FILES[content["fate"]],
            run_moment=parse_moment(content["run"]),
            recorded_at=parse_moment(content["recorded_at"]),
            events=tuple(map(decode_event, content["events"])),
            message=content["message"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AlertStateDamagedError(path, str(error)) from error

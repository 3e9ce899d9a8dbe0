"""The outbox of a channel: the undelivered messages of pipelines that share a webhook.

Named after the connection or the variable that holds the webhook, never after the webhook.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.model.announcement import Announcement
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive
from pipeline_lib.store.state.event_json import decode_event, encode_event

_SUFFIX = ".json"
# Longer than a delivery with all its tries usually takes.
_LONGEST_WAIT_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Outbox:
    """What waits to be sent to one webhook; each pipeline has one place in it.

    Attributes:
        folder: ``data/alerts/.outbox/SLACK_WEBHOOK_URL``; no pipeline's name begins with a dot.
    """

    folder: Path

    @classmethod
    def of(cls, data_dir: Path, channel: str) -> "Outbox":
        """The outbox of a connection or a variable."""
        return cls(data_dir / "alerts" / ".outbox" / channel)

    def put(self, announcement: Announcement) -> None:
        """Keep a pipeline's message, in the place of its message before.

        Raises:
            OSError: The disk is full or read-only.
        """
        content = {
            "pipeline": announcement.pipeline,
            "coin": announcement.coin,
            "moment": format_moment(announcement.moment),
            "headline": announcement.headline,
            "blocks": list(announcement.blocks),
            "events": [encode_event(event) for event in announcement.events],
        }
        replace(self._path(announcement.pipeline), json.dumps(content, ensure_ascii=False).encode())

    def waiting(self) -> Iterator[Announcement]:
        """All that waits, by pipeline.

        Raises:
            AlertStateDamagedError: A file can't be read.
        """
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            if not path.name.startswith(".") and (announcement := _read(path)):
                yield announcement

    def take_out(self, pipeline: str) -> None:
        """Forget a pipeline's message."""
        self._path(pipeline).unlink(missing_ok=True)

    def sending(self) -> AbstractContextManager[None]:
        """Hold the right to send, which the system takes back when its holder dies.

        Raises:
            StoreBusyError: Others send for too long.
        """
        return exclusive(self.folder / "sending", longest_wait=_LONGEST_WAIT_SECONDS)

    def _path(self, pipeline: str) -> Path:
        return self.folder / f"{pipeline}{_SUFFIX}"


def _read(path: Path) -> Announcement | None:
    try:
        content = json.loads(path.read_bytes())
        return Announcement(
            pipeline=str(content["pipeline"]),
            coin=str(content["coin"]),
            moment=parse_moment(content["moment"]),
            headline=str(content["headline"]),
            blocks=content["blocks"],
            events=tuple(map(decode_event, content["events"])),
        )
    except FileNotFoundError:
        # Its pipeline has just taken it out.
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise AlertStateDamagedError(path, str(error)) from error

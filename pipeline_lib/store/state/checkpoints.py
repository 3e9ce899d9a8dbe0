"""Where a rule's episode stood at some midnights, so that a run needn't begin with the first observation.

A checkpoint is written once, two days after its moment, when the late rows before it have come.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline_lib.common.timestamps import format_key, format_moment, parse_moment
from pipeline_lib.errors import AlertStateDamagedError
from pipeline_lib.model.events import Episode
from pipeline_lib.store.files.durable_files import write_once
from pipeline_lib.store.state.event_json import decode_episode, encode_episode

_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where to begin.

    Attributes:
        moment: The last moment that counts as past (UTC).
        reads_from: The moment of the first observation that readings after ``moment`` look at (UTC).
        episode: What went on at ``moment``, or None.
    """

    moment: datetime
    reads_from: datetime
    episode: Episode | None


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of one rule.

    Attributes:
        folder: Theirs alone.
    """

    folder: Path

    @classmethod
    def of(cls, alerts: Path, rule: str, identity: str) -> "Checkpoints":
        """Those of a rule below a pipeline's folder of alerts; a rule with other settings has others."""
        digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
        return cls(alerts / "checkpoints" / f"{rule}-{digest}")

    def find(self, *, before: datetime, preferred_up_to: datetime) -> Checkpoint | None:
        """The last one up to ``preferred_up_to``, else the first one before ``before``, else None.

        Raises:
            AlertStateDamagedError: Its file can't be read.
        """
        preferred, limit = format_key(preferred_up_to) + _SUFFIX, format_key(before) + _SUFFIX
        names = sorted(self._names())
        early = [name for name in names if name <= preferred]
        late = [name for name in names if preferred < name < limit]
        chosen = early[-1:] or late[:1]
        return self._read(self.folder / chosen[0]) if chosen else None

    def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint; the first one of its moment stays.

        Raises:
            OSError: The disk is full or read-only.
        """
        content = {
            "moment": format_moment(checkpoint.moment),
            "reads_from": format_moment(checkpoint.reads_from),
            "episode": checkpoint.episode and encode_episode(checkpoint.episode),
        }
        path = self.folder / f"{format_key(checkpoint.moment)}{_SUFFIX}"
        write_once(path, (json.dumps(content, indent=1) + "\n").encode())

    def _names(self) -> Iterator[str]:
        try:
            yield from (path.name for path in self.folder.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return

    def _read(self, path: Path) -> Checkpoint:
        try:
            content = json.loads(path.read_bytes())
            return Checkpoint(
                moment=parse_moment(content["moment"]),
                reads_from=parse_moment(content["reads_from"]),
                episode=None if content["episode"] is None else decode_episode(content["episode"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise AlertStateDamagedError(path, str(error)) from error

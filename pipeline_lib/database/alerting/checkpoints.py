"""Where a rule's episode stood at some midnights, so that a run needn't begin with the first observation.

A checkpoint is written once, two days after its moment, when the late rows before it have come.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import rule_checkpoints
from pipeline_lib.model.events import Episode


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
class RuleKey:
    """A rule with its settings over a series; one with other settings has other checkpoints.

    Attributes:
        series_id: Key of the series.
        rule: Name of the rule.
        settings: All that its episodes depend on beside the observations.
    """

    series_id: int
    rule: str
    settings: str

    @property
    def digest(self) -> str:
        """The settings, short enough for a key."""
        return hashlib.sha256(self.settings.encode()).hexdigest()[:16]


def find(
    connection: Connection, key: RuleKey, *, before: datetime, preferred_up_to: datetime
) -> Checkpoint | None:
    """The last one up to ``preferred_up_to``, else the first one before ``before``, else None.

    Args:
        connection: A transaction.
        key: The rule.
        before: A moment (UTC).
        preferred_up_to: An earlier one.
    """
    query = select(rule_checkpoints).where(
        rule_checkpoints.c.series_id == key.series_id,
        rule_checkpoints.c.rule == key.rule,
        rule_checkpoints.c.settings == key.digest,
    )
    moment = rule_checkpoints.c.moment
    early = query.where(moment <= preferred_up_to).order_by(moment.desc()).limit(1)
    late = query.where(moment > preferred_up_to, moment < before).order_by(moment).limit(1)
    row = connection.execute(early).one_or_none() or connection.execute(late).one_or_none()
    return None if row is None else _checkpoint(row)


def save(connection: Connection, key: RuleKey, checkpoint: Checkpoint) -> None:
    """Keep a checkpoint; the first one of its moment stays.

    Args:
        connection: A transaction that writes.
        key: The rule.
        checkpoint: Where it stood.
    """
    episode = checkpoint.episode
    values = {
        "series_id": key.series_id,
        "rule": key.rule,
        "settings": key.digest,
        "moment": checkpoint.moment,
        "reads_from": checkpoint.reads_from,
        "episode_since": episode and episode.since,
        "direction": episode and episode.direction,
        "step": episode and episode.step,
        "last_event_at": episode and episode.last_event_at,
    }
    connection.execute(insert_or_ignore(connection, rule_checkpoints).values(values).on_conflict_do_nothing())


def _checkpoint(row: Row[*tuple[Any, ...]]) -> Checkpoint:
    episode = None
    if row.episode_since is not None:
        episode = Episode(row.episode_since, row.direction, row.step, row.last_event_at)
    return Checkpoint(row.moment, row.reads_from, episode)

"""Where a rule's episode stood at some midnights, so that a run needn't begin with the first observation.

A checkpoint is written once, two days after its moment, when the late rows before it have come.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import rule_checkpoints, series
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


def find_all(
    connection: Connection, keys: Collection[RuleKey], *, before: datetime, preferred_up_to: datetime
) -> dict[RuleKey, Checkpoint]:
    """Of each rule the last one up to ``preferred_up_to``, else the first one before ``before``, else none.

    Args:
        connection: A transaction.
        keys: Rules over series.
        before: A moment (UTC).
        preferred_up_to: An earlier one.
    """
    alike: dict[tuple[str, str], dict[int, RuleKey]] = {}
    for key in keys:
        alike.setdefault((key.rule, key.digest), {})[key.series_id] = key
    found: dict[RuleKey, Checkpoint] = {}
    # Most series of a pipeline have the same rules with the same settings.
    for (rule, digest), of_series in alike.items():
        query = _query(rule, digest, before, preferred_up_to).where(series.c.id.in_(of_series))
        found.update((of_series[row.series_id], _checkpoint(row)) for row in connection.execute(query))
    return found


def _query(rule: str, digest: str, before: datetime, preferred_up_to: datetime) -> Select[*tuple[Any, ...]]:
    of_rule = rule_checkpoints.alias()
    moment = of_rule.c.moment
    is_it = (of_rule.c.series_id == series.c.id, of_rule.c.rule == rule, of_rule.c.settings == digest)
    early = select(func.max(moment)).where(*is_it, moment <= preferred_up_to)
    late = select(func.min(moment)).where(*is_it, moment > preferred_up_to, moment < before)
    chosen = func.coalesce(
        early.scalar_subquery(), late.scalar_subquery(), type_=rule_checkpoints.c.moment.type
    )
    return (
        select(rule_checkpoints)
        .join(series, series.c.id == rule_checkpoints.c.series_id)
        .where(
            rule_checkpoints.c.rule == rule,
            rule_checkpoints.c.settings == digest,
            rule_checkpoints.c.moment == chosen,
        )
    )


def save_all(connection: Connection, kept: Iterable[tuple[RuleKey, Checkpoint]]) -> None:
    """Keep checkpoints; the first one of its moment stays.

    Args:
        connection: A transaction that writes.
        kept: Where each rule stood.
    """
    rows = [_values(key, checkpoint) for key, checkpoint in kept]
    if rows:
        connection.execute(insert_or_ignore(connection, rule_checkpoints).on_conflict_do_nothing(), rows)


def _values(key: RuleKey, checkpoint: Checkpoint) -> dict[str, object]:
    episode = checkpoint.episode
    return {
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


def _checkpoint(row: Row[*tuple[Any, ...]]) -> Checkpoint:
    episode = None
    if row.episode_since is not None:
        episode = Episode(row.episode_since, row.direction, row.step, row.last_event_at)
    return Checkpoint(row.moment, row.reads_from, episode)

"""The events of a pipeline's rules over a series, from its observations and from where episodes stood before.

A run looks back two days and, beyond those, at the checkpoint before them: what it costs depends on the
windows of its rules, not on the length of the history. An observation that comes later than two days after
its moment has no effect on the events of the present.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline_lib.alerts.episodes import EpisodePolicy, Transition, follow
from pipeline_lib.alerts.gaps import GapLimit
from pipeline_lib.alerts.rules import Rule, rules_of
from pipeline_lib.alerts.series import RecordedSeries
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import checkpoints
from pipeline_lib.database.alerting.checkpoints import Checkpoint, RuleKey
from pipeline_lib.model.events import Episode, Event, RuleInfo
from pipeline_lib.model.observation import Observation, ObservedPrice
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection

ALLOWED_LATENESS = timedelta(hours=48)
"""How long after its moment an observation may come and still bring about events."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules of a pipeline say around a run.

    Attributes:
        events: Of all rules, as far back as one may still be pending, and up to two days after the run when
            it is late and there are observations.
        ongoing: The rules with an episode that goes on at the run's moment.
        checkpoints: Where the rules stood, as far as later runs need it to go on from there.
        reads_from: The moment (UTC) of the first observation that was looked at.
    """

    events: tuple[Event, ...]
    ongoing: tuple[RuleInfo, ...]
    checkpoints: tuple[tuple[RuleKey, Checkpoint], ...]
    reads_from: datetime

    def keep_checkpoints(self, connection: "Connection") -> None:
        """Write down where the rules stood, in a transaction that writes."""
        for key, checkpoint in self.checkpoints:
            checkpoints.save(connection, key, checkpoint)


def evaluate(spec: PipelineSpec, series: RecordedSeries, run_moment: datetime) -> Evaluation:
    """Follow the rules of a pipeline from before a run to after it.

    Args:
        spec: The pipeline.
        series: Its series, the run's own observation among them.
        run_moment: The run's moment (UTC).
    """
    evaluations = tuple(_evaluations(spec, series, run_moment))
    reads_from = min(each.start.reads_from for each in evaluations)
    rows = [
        row for row in series.observations_since(reads_from) if row.moment <= run_moment + ALLOWED_LATENESS
    ]
    events: list[Event] = []
    ongoing: list[RuleInfo] = []
    kept: list[tuple[RuleKey, Checkpoint]] = []
    for each in evaluations:
        transitions = each.transitions(rows)
        events += [
            transition.event
            for transition in transitions
            if transition.event and transition.moment > each.events_after
        ]
        own = [transition for transition in transitions if transition.moment <= run_moment]
        if own and own[-1].episode:
            ongoing.append(each.rule.info)
        if checkpoint := each.next_checkpoint(own, rows, run_moment):
            kept.append((each.key, checkpoint))
    return Evaluation(tuple(events), tuple(ongoing), tuple(kept), reads_from)


def policy_of(spec: PipelineSpec, rule: Rule) -> EpisodePolicy:
    """When a rule's episodes have events."""
    gap_limit = GapLimit(rule.lookback, spec.schedule)
    return EpisodePolicy(spec.alerts.clear_level, spec.alerts.cooldown, gap_limit)


def key_of(spec: PipelineSpec, rule: Rule, series_id: int) -> RuleKey:
    """What a rule's checkpoints over a series are found by.

    Args:
        spec: The pipeline.
        rule: One of its rules.
        series_id: Key of the series.
    """
    settings = f"{rule.identity} clear {spec.alerts.clear_level} cooldown {spec.alerts.cooldown}"
    return RuleKey(series_id, rule.info.name, settings)


def checkpoint_at(
    moment: datetime,
    rule: Rule,
    rows: Sequence[Observation | ObservedPrice],
    transitions: Sequence[Transition],
    episode: Episode | None = None,
) -> Checkpoint:
    """Where a rule stood.

    Args:
        moment: The last one that counts as past (UTC).
        rule: The rule.
        rows: The observations, by time.
        transitions: What they did to its episodes.
        episode: What went on before the first transition, or None.
    """
    for transition in transitions:
        if transition.moment > moment:
            break
        episode = transition.episode
    return Checkpoint(moment, _first_read(rule, moment, rows), episode)


def checkpoint_moment(run_moment: datetime) -> datetime:
    """The last midnight (UTC) up to which no run changes events any more."""
    return (run_moment - ALLOWED_LATENESS).replace(hour=0, minute=0, second=0)


@dataclass(frozen=True, slots=True)
class _RuleEvaluation:
    """One rule, and where to begin with it.

    Attributes:
        events_after: Only events after this moment count; later than ``start`` where there is no checkpoint
            yet, and earlier events are taken as known.
    """

    rule: Rule
    policy: EpisodePolicy
    key: RuleKey
    start: Checkpoint
    events_after: datetime

    def transitions(self, rows: Sequence[Observation]) -> list[Transition]:
        own = [row for row in rows if row.moment >= self.start.reads_from]
        readings = self.rule.readings(own, self.start.moment)
        before = [row.moment for row in own if row.moment <= self.start.moment]
        return list(follow(readings, self.rule.info, self.policy, self.start.episode, before))

    def next_checkpoint(
        self, transitions: Sequence[Transition], rows: Sequence[Observation], run_moment: datetime
    ) -> Checkpoint | None:
        midnight = checkpoint_moment(run_moment)
        is_first = self.events_after > self.start.moment
        if not is_first and midnight <= self.start.moment:
            return None
        moment = self.events_after if is_first else midnight
        return checkpoint_at(moment, self.rule, rows, transitions, self.start.episode)


def _evaluations(
    spec: PipelineSpec, series: RecordedSeries, run_moment: datetime
) -> Iterator[_RuleEvaluation]:
    for rule in rules_of(spec):
        policy, key = policy_of(spec, rule), key_of(spec, rule, series.id)
        begins = run_moment - ALLOWED_LATENESS
        found = checkpoints.find(series.connection, key, before=run_moment, preferred_up_to=begins)
        if found is not None:
            yield _RuleEvaluation(rule, policy, key, found, found.moment)
            continue
        reads_from = BEGINNING if isinstance(rule.lookback, int) else begins - rule.lookback
        start = Checkpoint(begins, reads_from, None)
        yield _RuleEvaluation(rule, policy, key, start, run_moment - _SECOND)


def _first_read(rule: Rule, moment: datetime, rows: Sequence[Observation | ObservedPrice]) -> datetime:
    if not isinstance(rule.lookback, int):
        return moment - rule.lookback
    before = [row.moment for row in rows if row.moment <= moment]
    return before[-rule.lookback :][0] if before else moment

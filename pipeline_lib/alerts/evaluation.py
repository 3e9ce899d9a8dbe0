"""The events of a pipeline's rules, from the raw log and from where episodes stood before.

A run looks back two days and, beyond those, at the checkpoint before them: what it costs depends on the
windows of its rules, not on the length of the history. An observation that comes later than two days after
its moment has no effect on the events of the present.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from pipeline_lib.alerts.episodes import EpisodePolicy, Transition, follow
from pipeline_lib.alerts.rules import Rule, rules_of
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.model.events import Event, RuleInfo
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.store.state.checkpoints import Checkpoint, Checkpoints

ALLOWED_LATENESS = timedelta(hours=48)
"""How long after its moment an observation may come and still bring about events."""

_SECOND = timedelta(seconds=1)

History: TypeAlias = Callable[[datetime], Sequence[Observation]]
"""Reads the observations at or after a moment, by time, no moment twice."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules of a pipeline say around a run.

    Attributes:
        events: Of all rules, as far back as one may still be pending, and up to two days after the run when
            it is late and there are observations.
        ongoing: The rules with an episode that goes on at the run's moment.
        checkpoints: Where the rules stood, as far as later runs need it to go on from there.
    """

    events: tuple[Event, ...]
    ongoing: tuple[RuleInfo, ...]
    checkpoints: tuple[tuple[Checkpoints, Checkpoint], ...]

    def keep_checkpoints(self) -> None:
        """Write down where the rules stood.

        Raises:
            OSError: The disk is full or read-only.
        """
        for checkpoints, checkpoint in self.checkpoints:
            checkpoints.save(checkpoint)


def evaluate(spec: PipelineSpec, alerts: Path, history: History, run_moment: datetime) -> Evaluation:
    """Follow the rules of a pipeline from before a run to after it.

    Args:
        spec: The pipeline.
        alerts: The pipeline's folder of alerts, with its checkpoints.
        history: The pipeline's observations, the run's own among them.
        run_moment: The run's moment (UTC).

    Raises:
        AlertStateDamagedError: A checkpoint can't be read.
        TableDamagedError: The raw log can't be read.
    """
    evaluations = tuple(_evaluations(spec, alerts, run_moment))
    rows = [
        row
        for row in history(min(each.start.reads_from for each in evaluations))
        if row.moment <= run_moment + ALLOWED_LATENESS
    ]
    events: list[Event] = []
    ongoing: list[RuleInfo] = []
    checkpoints: list[tuple[Checkpoints, Checkpoint]] = []
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
            checkpoints.append((each.checkpoints, checkpoint))
    return Evaluation(tuple(events), tuple(ongoing), tuple(checkpoints))


@dataclass(frozen=True, slots=True)
class _RuleEvaluation:
    """One rule, and where to begin with it.

    Attributes:
        events_after: Only events after this moment count; later than ``start`` where there is no checkpoint
            yet, and earlier events are taken as known.
    """

    rule: Rule
    policy: EpisodePolicy
    checkpoints: Checkpoints
    start: Checkpoint
    events_after: datetime

    def transitions(self, rows: Sequence[Observation]) -> list[Transition]:
        own = [row for row in rows if row.moment >= self.start.reads_from]
        readings = self.rule.readings(own, self.start.moment)
        return list(follow(readings, self.rule.info, self.policy, self.start.episode))

    def next_checkpoint(
        self, transitions: Sequence[Transition], rows: Sequence[Observation], run_moment: datetime
    ) -> Checkpoint | None:
        if self.events_after > self.start.moment:
            return self._checkpoint(self.events_after, transitions, rows)
        midnight = (run_moment - ALLOWED_LATENESS).replace(hour=0, minute=0, second=0)
        return self._checkpoint(midnight, transitions, rows) if midnight > self.start.moment else None

    def _checkpoint(
        self, moment: datetime, transitions: Sequence[Transition], rows: Sequence[Observation]
    ) -> Checkpoint:
        before = [transition for transition in transitions if transition.moment <= moment]
        episode = before[-1].episode if before else self.start.episode
        return Checkpoint(moment, _first_read(self.rule, moment, rows), episode)


def _evaluations(spec: PipelineSpec, alerts: Path, run_moment: datetime) -> Iterator[_RuleEvaluation]:
    policy = EpisodePolicy(spec.alerts.clear_level, spec.alerts.cooldown)
    for rule in rules_of(spec):
        identity = f"{rule.identity} clear {policy.clear_level} cooldown {policy.cooldown}"
        checkpoints = Checkpoints.of(alerts, rule.info.name, identity)
        found = checkpoints.find(before=run_moment, preferred_up_to=run_moment - ALLOWED_LATENESS)
        if found is not None:
            yield _RuleEvaluation(rule, policy, checkpoints, found, found.moment)
            continue
        begins = run_moment - ALLOWED_LATENESS
        reads_from = BEGINNING if isinstance(rule.lookback, int) else begins - rule.lookback
        yield _RuleEvaluation(
            rule, policy, checkpoints, Checkpoint(begins, reads_from, None), run_moment - _SECOND
        )


def _first_read(rule: Rule, moment: datetime, rows: Sequence[Observation]) -> datetime:
    if not isinstance(rule.lookback, int):
        return moment - rule.lookback
    before = [row.moment for row in rows if row.moment <= moment]
    return before[-rule.lookback :][0] if before else moment

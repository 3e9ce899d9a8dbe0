"""The events of rules over a series, from its prices and from where episodes stood before.

A run looks back two days and, beyond those, at the checkpoint before them: what it costs depends on the
windows of its rules, not on the length of the history. An observation that comes later than two days after
its moment has no effect on the events of the present.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.alerts.episodes import Transition, follow
from pipeline_lib.alerts.rules import Rule
from pipeline_lib.alerts.series import ALLOWED_LATENESS, RecordedSeries, RuleStart, policy_of
from pipeline_lib.database.alerting.checkpoints import Checkpoint, RuleKey
from pipeline_lib.model.events import Episode, Event, RuleInfo
from pipeline_lib.model.observation import Observation, ObservedPrice


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What rules say of a series around a run.

    Attributes:
        events: Of all rules, as far back as one may still be pending, and up to two days after the run when
            it is late and there are observations.
        ongoing: The rules with an episode that goes on at the run's moment.
        checkpoints: Where the rules stood, as far as later runs need it to go on from there.
    """

    events: tuple[Event, ...]
    ongoing: tuple[RuleInfo, ...]
    checkpoints: tuple[tuple[RuleKey, Checkpoint], ...]


def evaluate(series: RecordedSeries, run_moment: datetime) -> Evaluation:
    """Follow the rules over a series from before a run to after it.

    Args:
        series: The series, the run's own observation among its prices.
        run_moment: The run's moment (UTC).
    """
    events: list[Event] = []
    ongoing: list[RuleInfo] = []
    kept: list[tuple[RuleKey, Checkpoint]] = []
    for each in series.starts:
        transitions = _follow(each, series)
        events += [
            transition.event
            for transition in transitions
            if transition.event and transition.moment > each.events_after
        ]
        own = [transition for transition in transitions if transition.moment <= run_moment]
        if own and own[-1].episode:
            ongoing.append(each.rule.info)
        if checkpoint := _next_checkpoint(each, own, series.prices, run_moment):
            kept.append((each.key, checkpoint))
    return Evaluation(tuple(events), tuple(ongoing), tuple(kept))


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


def _follow(each: RuleStart, series: RecordedSeries) -> list[Transition]:
    start = each.start
    own = [row for row in series.prices if row.moment >= start.reads_from]
    readings = each.rule.readings(own, start.moment)
    before = [row.moment for row in own if row.moment <= start.moment]
    policy = policy_of(series.spec, each.rule, series.absences)
    return list(follow(readings, each.rule.info, policy, start.episode, before))


def _next_checkpoint(
    each: RuleStart,
    transitions: Sequence[Transition],
    rows: Sequence[ObservedPrice],
    run_moment: datetime,
) -> Checkpoint | None:
    midnight = checkpoint_moment(run_moment)
    is_first = each.events_after > each.start.moment
    if not is_first and midnight <= each.start.moment:
        return None
    moment = each.events_after if is_first else midnight
    return checkpoint_at(moment, each.rule, rows, transitions, each.start.episode)


def _first_read(rule: Rule, moment: datetime, rows: Sequence[Observation | ObservedPrice]) -> datetime:
    if not isinstance(rule.lookback, int):
        return moment - rule.lookback
    before = [row.moment for row in rows if row.moment <= moment]
    return before[-rule.lookback :][0] if before else moment

"""The episodes that go on, by the events that are recorded of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline_lib.alerts.gaps import GapLimit
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.alerts.series import policy_of
from pipeline_lib.model.events import Event
from pipeline_lib.specs import PipelineSpec, SeriesSpec


def rule_names(specs: Iterable[PipelineSpec]) -> frozenset[str]:
    """The names of all rules that specs ask for."""
    return frozenset(
        rule.info.name
        for spec in specs
        for own in {spec.of_coin(coin) for coin in ("", *spec.limits)}
        for rule in rules_of(own)
    )


def find_open_episodes(
    spec: SeriesSpec,
    unended: Sequence[Event],
    around_gaps: Sequence[datetime],
    absences: Sequence[datetime] = (),
) -> list[Event]:
    """The newest event of each episode that goes on, by rule.

    An episode that no event ends may have ended in a gap, as unknown; and one of a rule that the spec
    hasn't any more goes on no more.

    Args:
        spec: What holds for the coin.
        unended: The newest event of each rule, unless it ends its episode.
        around_gaps: Moments of the observations of the last days (UTC), by time; none where there is no gap.
        absences: Moments at which the coin didn't belong to the pipeline (UTC), by time.
    """
    if not unended:
        return []
    by_rule = {event.rule.name: event for event in unended}
    found = []
    for rule in rules_of(spec):
        event = by_rule.get(rule.info.name)
        if event and not _ends_in_gap(event, around_gaps, policy_of(spec, rule, absences).gap_limit):
            found.append(event)
    return found


def _ends_in_gap(event: Event, moments: Sequence[datetime], limit: GapLimit) -> bool:
    before = [moment for moment in moments if moment <= event.moment] or moments[:1]
    recent = limit.recent(before)
    for moment in moments[len(before) :]:
        # Fewer observations than the rule counts don't say how long so many of them took.
        if len(recent) == recent.maxlen and limit.is_exceeded(recent, moment):
            return True
        recent.append(moment)
    return False

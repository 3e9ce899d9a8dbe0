"""What the database knows of series, as rules read it: all series of a run in one pass."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline_lib.alerts.episodes import EpisodePolicy
from pipeline_lib.alerts.gaps import GapLimit
from pipeline_lib.alerts.rules import Rule, rules_of
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import checkpoints
from pipeline_lib.database.alerting.checkpoints import Checkpoint, RuleKey
from pipeline_lib.database.statistics import observed
from pipeline_lib.model.observation import ObservedPrice
from pipeline_lib.specs import SeriesSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection

ALLOWED_LATENESS = timedelta(hours=48)
"""How long after its moment an observation may come and still bring about events."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RuleStart:
    """A rule over a series, and where to begin with it.

    Attributes:
        rule: The rule.
        key: What its checkpoints are found by.
        start: Where to begin.
        events_after: Only events after this moment count; later than ``start`` where there is no checkpoint
            yet, and earlier events are taken as known.
    """

    rule: Rule
    key: RuleKey
    start: Checkpoint
    events_after: datetime


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """A series around a run.

    Attributes:
        id: Its key.
        spec: What holds for its coin.
        starts: Its rules.
        prices: From where the first of them begins up to two days after the run, by moment.
        absences: Moments (UTC) at which its coin didn't belong to the pipeline, by time.
    """

    id: int
    spec: SeriesSpec
    starts: tuple[RuleStart, ...]
    prices: Sequence[ObservedPrice]
    absences: Sequence[datetime] = ()

    @property
    def reads_from(self) -> datetime:
        """The moment (UTC) of the first price that counts."""
        return min(each.start.reads_from for each in self.starts)

    def without(self, moments: Collection[datetime]) -> "RecordedSeries":
        """The series as if there were no observations of some moments (UTC)."""
        return replace(self, prices=[price for price in self.prices if price.moment not in moments])


def read_series(
    connection: "Connection",
    specs: Mapping[int, SeriesSpec],
    run_moment: datetime,
    absences: Mapping[int, Sequence[datetime]],
) -> dict[int, RecordedSeries]:
    """Series as a run looks at them: their checkpoints, and prices from there on.

    Args:
        connection: A transaction.
        specs: What holds for their coins, by the key of the series.
        run_moment: The run's moment (UTC).
        absences: Moments at which coins didn't belong to the pipeline, by the key of the series.
    """
    starts = _read_starts(connection, specs, run_moment)
    ends = run_moment + ALLOWED_LATENESS
    by_beginning: dict[datetime, list[int]] = {}
    for key, own in starts.items():
        by_beginning.setdefault(min(each.start.reads_from for each in own), []).append(key)
    prices = {
        key: found
        for begins, keys in by_beginning.items()
        for key, found in observed.read_prices(connection, keys, begins, ends).items()
    }
    return {
        key: RecordedSeries(key, spec, starts[key], prices.get(key, ()), absences.get(key, ()))
        for key, spec in specs.items()
    }


def policy_of(spec: SeriesSpec, rule: Rule, absences: Sequence[datetime] = ()) -> EpisodePolicy:
    """When a rule's episodes have events.

    Args:
        spec: What holds for the coin.
        rule: One of its rules.
        absences: Moments (UTC) at which the coin didn't belong to the pipeline, by time.
    """
    gap_limit = GapLimit(rule.lookback, spec.schedule, absences)
    return EpisodePolicy(spec.alerts.clear_level, spec.alerts.cooldown, gap_limit)


def key_of(spec: SeriesSpec, rule: Rule, series_id: int) -> RuleKey:
    """What a rule's checkpoints over a series are found by.

    Args:
        spec: What holds for its coin.
        rule: One of its rules.
        series_id: Key of the series.
    """
    settings = f"{rule.identity} clear {spec.alerts.clear_level} cooldown {spec.alerts.cooldown}"
    return RuleKey(series_id, rule.info.name, settings)


def _read_starts(
    connection: "Connection", specs: Mapping[int, SeriesSpec], run_moment: datetime
) -> dict[int, tuple[RuleStart, ...]]:
    begins = run_moment - ALLOWED_LATENESS
    rules = {key: [(rule, key_of(spec, rule, key)) for rule in rules_of(spec)] for key, spec in specs.items()}
    keys = [key for own in rules.values() for _, key in own]
    found = checkpoints.find_all(connection, keys, before=run_moment, preferred_up_to=begins)
    return {
        series_id: tuple(_start(rule, key, found.get(key), run_moment) for rule, key in own)
        for series_id, own in rules.items()
    }


def _start(rule: Rule, key: RuleKey, found: Checkpoint | None, run_moment: datetime) -> RuleStart:
    if found is not None:
        return RuleStart(rule, key, found, found.moment)
    begins = run_moment - ALLOWED_LATENESS
    reads_from = BEGINNING if isinstance(rule.lookback, int) else begins - rule.lookback
    return RuleStart(rule, key, Checkpoint(begins, reads_from, None), run_moment - _SECOND)

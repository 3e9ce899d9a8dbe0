"""Run by run, from checkpoint to checkpoint, rules say the same as over the whole history at once."""

import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.alerts.episodes import EpisodePolicy, follow
from pipeline_lib.alerts.evaluation import ALLOWED_LATENESS, evaluate
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.model.events import EventKey
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import DeviationRule, PipelineSpec, Thresholds, Window
from tests.system.replays import HOUR, observation, spec_of

START = datetime(2018, 1, 1, 5, tzinfo=UTC)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
HOURS = 260


@pytest.fixture
def spec() -> PipelineSpec:
    """Every rule there is, one with a window by count, and a cooldown."""
    plain = spec_of(Thresholds(Decimal(2), Decimal(5)), cooldown=timedelta(hours=9))
    z_score = DeviationRule(Window("20_rows", 20), Decimal(2), Decimal("0.5"))
    robust = DeviationRule(Window("24h", 24 * HOUR), Decimal(3), Decimal("0.5"))
    return replace(plain, alerts=replace(plain.alerts, z_score=z_score, robust_z_score=robust))


@pytest.fixture
def rows() -> list[Observation]:
    """A walk at random with a gap of two days."""
    chance, price, rows = random.Random(7), 10_000.0, []  # noqa: S311 (chance that can be had again)
    for hour in range(HOURS):
        price *= 1 + chance.gauss(0, 0.012)
        if not 150 <= hour < 198:
            rows.append(observation(START + hour * HOUR, Decimal(f"{price:.2f}")))
    return rows


def _whole(spec: PipelineSpec, rows: Sequence[Observation]) -> set[EventKey]:
    policy = EpisodePolicy(spec.alerts.clear_level, spec.alerts.cooldown)
    return {
        transition.event.key
        for rule in rules_of(spec)
        for transition in follow(rule.readings(rows, BEGINNING), rule.info, policy)
        if transition.event
    }


def test_run_by_run_says_the_same_as_all_at_once(
    spec: PipelineSpec, rows: list[Observation], tmp_path: Path
) -> None:
    expected, found = _whole(spec, rows), set()
    for place, row in enumerate(rows, start=1):
        fetched = rows[:place]

        def history(since: datetime, fetched: list[Observation] = fetched) -> list[Observation]:
            return fetched[bisect_left(fetched, since, key=lambda each: each.moment) :]

        evaluation = evaluate(spec, tmp_path, history, row.moment)
        evaluation.keep_checkpoints()
        own = {event.key for event in evaluation.events if event.moment == row.moment}
        assert own == {key for key in expected if key[2] == row.moment}
        recent = {key for key in expected if row.moment - ALLOWED_LATENESS < key[2] <= row.moment}
        assert {
            event.key for event in evaluation.events if event.moment > row.moment - ALLOWED_LATENESS
        } == recent
        found |= own
    assert found == expected
    assert {key[0] for key in expected} == {"1h", "24h", "z_score_20_rows", "robust_z_score_24h"}
    assert len(expected) > 50


def test_a_rule_keeps_one_checkpoint_a_day(
    spec: PipelineSpec, rows: list[Observation], tmp_path: Path
) -> None:
    calm = replace(spec, alerts=replace(spec.alerts, z_score=None, robust_z_score=None))
    for place, row in enumerate(rows[:100], start=1):
        evaluate(calm, tmp_path, lambda _, place=place: rows[:place], row.moment).keep_checkpoints()  # type: ignore[misc]
    names = sorted(path.name for path in tmp_path.glob("checkpoints/24h-*/*.json"))
    assert names == ["20180101T045959Z.json", "20180102T000000Z.json", "20180103T000000Z.json"]
    assert len(list(tmp_path.glob("checkpoints/1h-*/*.json"))) == len(names)

"""Run by run, from checkpoint to checkpoint, rules say the same as over the whole history at once."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, select

from pipeline_lib.alerts.episodes import follow
from pipeline_lib.alerts.evaluation import Evaluation, evaluate
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.alerts.series import ALLOWED_LATENESS, policy_of
from pipeline_lib.database.alerting import checkpoints
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.tables import rule_checkpoints
from pipeline_lib.model.events import EventKey, EventKind
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import DeviationRule, PipelineSpec, Thresholds, Window
from tests.fixtures.recorded import read_recorded, record, series_of
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
    own = spec.of_coin("bitcoin")
    return {
        transition.event.key
        for rule in rules_of(own)
        for transition in follow(rule.readings(rows, BEGINNING), rule.info, policy_of(own, rule))
        if transition.event
    }


def _evaluate(connection: Connection, spec: PipelineSpec, run_moment: datetime) -> Evaluation:
    """What a run says, which keeps its checkpoints."""
    series = read_recorded(connection, spec, series_of(connection), run_moment)
    evaluation = evaluate(series, run_moment)
    checkpoints.save_all(connection, evaluation.checkpoints)
    return evaluation


def test_run_by_run_says_the_same_as_all_at_once(
    spec: PipelineSpec, rows: list[Observation], database: Database
) -> None:
    expected, found = _whole(spec, rows), set()
    with database.writing() as connection:
        for row in rows:
            record(connection, [row])
            evaluation = _evaluate(connection, spec, row.moment)
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
    spec: PipelineSpec, rows: list[Observation], database: Database
) -> None:
    calm = replace(spec, alerts=replace(spec.alerts, z_score=None, robust_z_score=None))
    with database.writing() as connection:
        for row in rows[:100]:
            record(connection, [row])
            _evaluate(connection, calm, row.moment)
        query = select(rule_checkpoints.c.moment).where(rule_checkpoints.c.rule == "24h")
        assert [f"{moment:%dT%H%M%S}" for moment in connection.scalars(query)] == [
            "01T045959",
            "02T000000",
            "03T000000",
        ]


@pytest.mark.parametrize(("coin", "vs_currency"), [("ethereum", "usd"), ("bitcoin", "eur")])
def test_another_coin_or_currency_is_another_series_and_nothing_mixes(
    database: Database, coin: str, vs_currency: str
) -> None:
    spec = spec_of(Thresholds(Decimal(2), Decimal(5)))
    before = [observation(START + hour * HOUR, Decimal(8000 + hour)) for hour in range(48)]
    moments = [START + hour * HOUR for hour in (48, 49)]
    other = [
        replace(observation(moment, Decimal(500)), coin=coin, vs_currency=vs_currency) for moment in moments
    ]
    with database.writing() as connection:
        record(connection, [*before, *other])
        key = series_of(connection, coin=coin, vs_currency=vs_currency)
        series = read_recorded(connection, spec, key, other[-1].moment)
        assert evaluate(series, other[-1].moment).events == ()
        assert [(each.moment, each.price) for each in series.prices] == [
            (each.moment, each.price) for each in other
        ]


def test_an_episode_whose_end_lies_in_a_gap_is_never_cleared(database: Database) -> None:
    spec = spec_of(Thresholds(Decimal(1000), Decimal(5)))
    prices = {0: 100, 24: 110, 25: 110, 25 + 535 * 24: 100, 26 + 535 * 24: 100}
    rows = [observation(START + hour * HOUR, Decimal(price)) for hour, price in prices.items()]
    happened = []
    with database.writing() as connection:
        for row in rows:
            record(connection, [row])
            evaluation = _evaluate(connection, spec, row.moment)
            happened += [event.kind for event in evaluation.events if event.moment == row.moment]
            goes_on = bool(evaluation.ongoing)
    assert happened == [EventKind.FIRED]
    assert not goes_on

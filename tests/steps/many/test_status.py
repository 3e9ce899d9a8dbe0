"""The status of a pipeline of several coins."""

from datetime import timedelta

from pipeline_lib.specs.pipelines import load_pipelines
from pipeline_lib.steps.backfilling.plan import plan_backfills
from pipeline_lib.steps.overview.reading import read_status
from pipeline_lib.steps.overview.status import PipelineStatus, ProblemKind
from tests.steps.many.world import COINS, HOUR, START, ManyCoins


def _status(world: ManyCoins) -> PipelineStatus:
    (found,) = read_status(load_pipelines(world.services.settings), (), world.services).pipelines
    return found


def test_each_coin_has_a_row(many: ManyCoins) -> None:
    many.run(0, 1)
    status = _status(many)
    assert [each.coin for each in status.series] == list(COINS)
    assert {each.moment for each in status.series} == {START + HOUR}
    assert not status.needs_a_person


def test_the_gap_of_a_coin_is_its_own(many: ManyCoins) -> None:
    many.run(0)
    many.write("[aave, bitcoin, unknown-coin, dogecoin]")
    many.run(1, 2)
    quarantined = {each.coin: each.quarantined for each in _status(many).series if each.is_in_spec}
    assert quarantined == {"aave": 0, "bitcoin": 0, "dogecoin": 0, "unknown-coin": 2}


def test_a_run_that_does_not_come_is_one_problem(many: ManyCoins) -> None:
    many.run(0)
    many.simulator.clock.set(START + 5 * HOUR)
    status = _status(many)
    assert [each.kind for each in status.problems] == [ProblemKind.LATE]
    assert not any(each.problems for each in status.series)


def test_a_coin_that_is_no_member_has_no_gap(many: ManyCoins) -> None:
    many.write("{top: 2}")
    many.run(0)
    assert [each.coin for each in _status(many).series] == ["bitcoin", "ethereum"]
    many.write("{top: 2, from: 2}")
    many.run(1)
    many.write("{top: 2}")
    many.run(2)
    status = _status(many)
    assert [each.coin for each in status.series] == ["bitcoin", "ethereum"]
    assert [list(each.gaps or ()) for each in status.series] == [[], []]


def test_a_member_that_could_not_be_had_has_a_gap(many: ManyCoins) -> None:
    many.write("{top: 2}")
    many.run(0)
    with many.services.database.writing() as connection:
        connection.exec_driver_sql("UPDATE arrivals SET missing = 'bitcoin'")
        connection.exec_driver_sql("DELETE FROM observations WHERE moment = '2025-03-31T20:00:00Z'")
    many.run(1)
    gaps = {each.coin: list(each.gaps or ()) for each in _status(many).series}
    assert gaps == {"bitcoin": [START], "ethereum": []}


def test_a_backfill_costs_a_call_a_coin(many: ManyCoins) -> None:
    many.run(5)
    many.simulator.clock.set(START + 5 * HOUR + timedelta(hours=2))
    moments = [START + hour * HOUR for hour in range(5)]
    (plan,) = plan_backfills([(many.spec, moments)], many.services)
    assert (plan.missing, plan.calls) == (frozenset(moments), len(COINS))
    for hour in range(5):
        many.fetch(hour, is_backfill=True)
    assert sum("market_chart" in each.path for each in many.simulator.requests) == len(COINS)
    (plan,) = plan_backfills([(many.spec, moments)], many.services)
    assert (plan.missing, plan.unrecorded, plan.calls) == (frozenset(), frozenset(), 0)

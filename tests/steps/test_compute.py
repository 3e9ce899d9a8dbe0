"""``compute_moving_average`` over the raw log."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pipeline_lib import steps
from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.specs import Window
from pipeline_lib.steps import Run
from tests.steps.world import CRASH, World

HOUR = timedelta(hours=1)
TABLE = "btc_processed.csv"
THREE_HOURS = (
    b"timestamp,price,change_1h_percent,change_24h_percent,log_return,mean_2h,std_2h,count_2h,z_score_2h\n"
    b"2018-02-05T12:00:00Z,8000.50,-0.02499218994064355,0.0,,8000.5,,1,\n"
    b"2018-02-05T13:00:00Z,8001.50,0.012499218798825073,0.0,0.0001249843771155803,8001.0,0.7071067811865476,2,\n"
    b"2018-02-05T14:00:00Z,7202.50,-9.985627694807224,-9.996875976257419,-0.10520083612736139,"
    b"7602.0,564.9783181680515,2,\n"
)


def _compute(world: World, moment: datetime = CRASH) -> Outcome:
    return steps.compute_moving_average(world.spec, Run(moment), world.services)


@pytest.fixture
def short(world: World) -> World:
    return world.with_spec(lambda spec: replace(spec, windows=(Window("2h", 2 * HOUR),)))


@pytest.mark.parametrize("order", [(-2, -1, 0), (0, -1, -2), (-1, 0, -2)])
def test_the_table_is_the_same_for_any_order_of_arrival(short: World, order: Sequence[int]) -> None:
    for hours in order:
        short.fetch(CRASH + hours * HOUR)
    assert _compute(short) == Done("3 rows up to 2018-02-05T14:00:00Z")
    assert short.files()[TABLE] == THREE_HOURS


def test_hour_by_hour_and_all_at_once_give_the_same_bytes(short: World) -> None:
    for hours in (-2, -1, 0):
        short.fetch(CRASH + hours * HOUR)
        _compute(short, CRASH + hours * HOUR)
    assert short.files()[TABLE] == THREE_HOURS


def test_a_second_time_changes_nothing(short: World) -> None:
    short.fetch(CRASH)
    _compute(short)
    before = (short.data / TABLE).stat()
    assert _compute(short) == Done("1 rows up to 2018-02-05T14:00:00Z, unchanged")
    assert (short.data / TABLE).stat() == before


def test_a_lost_or_spoilt_table_is_made_again(short: World) -> None:
    for hours in (-2, -1, 0):
        short.fetch(CRASH + hours * HOUR)
    (short.data / TABLE).write_bytes(b"spoilt")
    _compute(short)
    assert short.files()[TABLE] == THREE_HOURS


def test_a_missing_move_comes_from_the_own_history_or_stays_empty(short: World) -> None:
    short.fetch(CRASH - HOUR)
    for label in ("1h", "24h"):
        name = f"price_change_percentage_{label}_in_currency"
        short.simulator.faults.add(Fault(kind="null_field", field=name))
    short.fetch(CRASH)
    _compute(short)
    assert (
        short.files()[TABLE].splitlines()[2].startswith(b"2018-02-05T14:00:00Z,7202.50,-9.9856276948,,-0.105")
    )


def test_a_log_without_the_row_of_the_run_is_no_success(short: World) -> None:
    with pytest.raises(TableDamagedError, match=r"no row of 2018-02-05T14:00:00Z"):
        _compute(short)
    assert TABLE not in short.files()


def test_a_damaged_log_leaves_the_table_as_it_is(short: World) -> None:
    short.fetch(CRASH)
    _compute(short)
    before = short.files()[TABLE]
    with (short.data / "btc_raw.csv").open("ab") as log:
        log.write(b"2018-02-05T15:00:00Z,bitcoin\n")
    with pytest.raises(TableDamagedError) as caught:
        _compute(short)
    assert (caught.value.path, caught.value.line) == (short.data / "btc_raw.csv", 3)
    assert short.files()[TABLE] == before


def test_a_row_that_is_being_written_is_left_for_the_next_time(short: World) -> None:
    short.fetch(CRASH)
    _compute(short)
    before = short.files()[TABLE]
    with (short.data / "btc_raw.csv").open("ab") as log:
        log.write(b"2018-02-05T15:00:00Z,bitc")
    _compute(short)
    assert short.files()[TABLE] == before

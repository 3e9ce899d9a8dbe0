"""``compute_moving_average`` over the observations of the database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pipeline_lib import steps
from pipeline_lib.errors import ObservationMissingError
from pipeline_lib.model.outcome import Done, Outcome
from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.specs import Window
from pipeline_lib.steps import Run
from tests.fixtures.files import touched
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
    assert _compute(short) == Done(
        "3 rows up to 2018-02-05T14:00:00Z; 2h mean 7,602.00; btc_processed.csv: 386 B"
    )
    assert short.files()[TABLE] == THREE_HOURS


def test_hour_by_hour_and_all_at_once_give_the_same_bytes(short: World) -> None:
    for hours in (-2, -1, 0):
        short.fetch(CRASH + hours * HOUR)
        _compute(short, CRASH + hours * HOUR)
    assert short.files()[TABLE] == THREE_HOURS


def test_a_second_time_changes_nothing(short: World) -> None:
    short.fetch(CRASH)
    _compute(short)
    before = touched(short.data / TABLE)
    assert _compute(short) == Done(
        "1 row up to 2018-02-05T14:00:00Z, unchanged; 2h mean 7,202.50; btc_processed.csv: 178 B"
    )
    assert touched(short.data / TABLE) == before


def test_a_lost_table_is_made_again(short: World) -> None:
    for hours in (-2, -1, 0):
        short.fetch(CRASH + hours * HOUR)
    _compute(short)
    (short.data / TABLE).unlink()
    assert _compute(short) == Done(
        "3 rows up to 2018-02-05T14:00:00Z, unchanged; 2h mean 7,602.00; btc_processed.csv: 386 B"
    )
    assert short.files()[TABLE] == THREE_HOURS


def test_a_foreign_table_is_a_warning_and_left_as_it_is(short: World) -> None:
    for hours in (-2, -1, 0):
        short.fetch(CRASH + hours * HOUR)
    (short.data / TABLE).write_bytes(b"spoilt\n")
    outcome = _compute(short)
    assert isinstance(outcome, Done)
    assert outcome.summary == "3 rows up to 2018-02-05T14:00:00Z; 2h mean 7,602.00"
    (warning,) = outcome.warnings
    assert warning.startswith(f"btc: {short.data / TABLE}, line 1: the header is not timestamp,price,")
    assert short.files()[TABLE] == b"spoilt\n"


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


@pytest.mark.parametrize("earlier", [[], [CRASH - HOUR]], ids=["no series", "no row"])
def test_a_run_without_its_observation_is_no_success(short: World, earlier: list[datetime]) -> None:
    for moment in earlier:
        short.fetch(moment)
    with pytest.raises(ObservationMissingError) as caught:
        _compute(short)
    assert str(caught.value) == (
        "the database has no observation of btc at 2018-02-05T14:00:00Z (run the fetch step for this moment;"
        " coin-pipelines replay records what the archive holds)"
    )
    assert TABLE not in short.files()


def test_without_local_files_only_the_database_is_written(short: World) -> None:
    settings = replace(short.services.settings, local_files=False)
    world = replace(short, services=replace(short.services, settings=settings))
    world.fetch(CRASH)
    assert _compute(world) == Done("1 row up to 2018-02-05T14:00:00Z; 2h mean 7,202.50")
    assert [name for name in world.files() if name.endswith("raw.csv") or name == TABLE] == []


def test_a_raw_log_that_somebody_edited_changes_no_statistics(short: World) -> None:
    for hours in (-2, -1, 0):
        short.fetch(CRASH + hours * HOUR)
    log = short.data / "btc_raw.csv"
    log.write_bytes(log.read_bytes().replace(b"8001.50", b"9001.50"))
    _compute(short)
    assert short.files()[TABLE] == THREE_HOURS

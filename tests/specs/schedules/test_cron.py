from datetime import UTC, date, datetime

import pytest
from airflow.utils.dates import cron_presets
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.specs.schedules.cron import PRESETS, _croniter_accepts, _is_ordinary, has_runs_on, is_cron

NUMBERS = st.integers(0, 61).map(str)
PARTS = st.one_of(
    st.just("*"),
    NUMBERS,
    st.builds("{}-{}".format, NUMBERS, NUMBERS),
    st.builds("*/{}".format, NUMBERS),
    st.builds("{}/{}".format, NUMBERS, NUMBERS),
    st.builds("{}-{}/{}".format, NUMBERS, NUMBERS, NUMBERS),
)
FIELDS = st.one_of(st.just("*"), st.lists(PARTS, min_size=1, max_size=3).map(",".join))


@given(st.lists(FIELDS, min_size=5, max_size=5))
@settings(max_examples=500, deadline=None)
def test_what_is_ordinary_is_croniters_too(fields: list[str]) -> None:
    assert not _is_ordinary(fields) or _croniter_accepts(" ".join(fields), fields)


@pytest.mark.parametrize("place", range(5))
@given(field=FIELDS)
@settings(max_examples=200, deadline=None)
def test_one_ordinary_field_is_croniters_too(place: int, field: str) -> None:
    fields = ["*"] * 5
    fields[place] = field
    assert not _is_ordinary(fields) or _croniter_accepts(" ".join(fields), fields)


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "*/15 * * * *",
        "0,30 6-18/2 1,15 */3 1-5",
        "59 23 28 12 6",
    ],
)
def test_ordinary_schedules_need_no_croniter(schedule: str) -> None:
    assert _is_ordinary(schedule.split())
    assert is_cron(schedule)


@pytest.mark.parametrize(
    "schedule", ["0 0 31 1 *", "0 0 l * *", "0 0 * jan mon-fri", "0 0 * * 7", "0 0 29 2 *"]
)
def test_croniter_has_the_word_on_the_rest(schedule: str) -> None:
    assert not _is_ordinary(schedule.split())
    assert is_cron(schedule)


@pytest.mark.parametrize(
    "schedule",
    [
        "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1-2 * * * *", "*/0 * * * *",
        "1,,2 * * * *", "-1 * * * *", "0 0 30 2 *", "R * * * *", "* * * * * *", "٣ * * * *", "* * * *", "",
    ],
)  # fmt: skip
def test_no_cron(schedule: str) -> None:
    assert not is_cron(schedule)


def test_presets_are_those_of_airflow() -> None:
    assert cron_presets == PRESETS


DAY_FIELDS = st.tuples(
    st.sampled_from(["*", "*/2", "*/7", "*/30", "1", "1,15", "5-20/3", "31", "L"]),
    st.sampled_from(["*", "*/3", "1", "2-11", "jan"]),
    st.sampled_from(["*", "0", "*/2", "1-5", "6,0", "7", "mon-fri", "5#2"]),
)


@given(DAY_FIELDS, st.dates(date(1970, 1, 1), date(2199, 12, 31)))
@settings(max_examples=1000, deadline=None)
def test_days_with_runs_are_croniters(day_fields: tuple[str, str, str], day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    schedule = f"0 0 {' '.join(day_fields)}"
    assert has_runs_on(schedule, day) == croniter.match(schedule, midnight)


@pytest.mark.parametrize(
    ("preset", "day"),
    [
        ("@hourly", date(2018, 2, 5)),
        ("@daily", date(2018, 2, 5)),
        ("@weekly", date(2018, 2, 4)),
        ("@monthly", date(2018, 2, 1)),
        ("@quarterly", date(2018, 4, 1)),
        ("@yearly", date(2018, 1, 1)),
    ],
)
def test_a_preset_has_runs_on_its_days(preset: str, day: date) -> None:
    assert has_runs_on(preset, day)
    assert has_runs_on(preset, date(2018, 2, 7)) == (preset in {"@hourly", "@daily"})

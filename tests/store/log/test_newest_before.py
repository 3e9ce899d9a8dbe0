from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log.raw_log import newest_before
from pipeline_lib.store.log.raw_rows import HEADER, encode_row
from tests.store.log.appending import append

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "bitcoin_raw.csv"


def moments(observation: Observation, hours: list[int]) -> list[Observation]:
    return [replace(observation, moment=observation.moment + hour * HOUR) for hour in hours]


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ([], None),
        ([0], None),
        ([1, 2], None),
        ([-1], -1),
        ([-2, -1, 0, 1], -1),
        # Filled in later, so further down in the log.
        ([-1, 1, -30, -20], -1),
        ([-15, -16, -17], -15),
        ([-168], -168),
        ([-169], None),
    ],
)
def test_the_newest_earlier_row_by_time_is_found(
    log: Path, observation: Observation, hours: list[int], found: int | None
) -> None:
    for row in moments(observation, hours):
        append(log, row)
    wanted = None if found is None else moments(observation, [found])[0]
    assert newest_before(log, observation.moment, WEEK) == wanted


@pytest.mark.parametrize("content", [None, b"", HEADER.encode()])
def test_without_rows_there_is_none(log: Path, observation: Observation, content: bytes | None) -> None:
    if content is not None:
        log.write_bytes(content)
    assert newest_before(log, observation.moment, WEEK) is None


def test_a_row_that_is_being_written_is_left_out(log: Path, observation: Observation) -> None:
    earlier, latest = moments(observation, [-2, -1])
    append(log, earlier)
    with log.open("a") as file:
        file.write(encode_row(latest)[:-9])
    assert newest_before(log, observation.moment, WEEK) == earlier


def test_a_damaged_row_is_told_with_its_line(log: Path, observation: Observation) -> None:
    for row in moments(observation, [-3, -2]):
        append(log, row)
    log.write_text(log.read_text().replace(",6955.270,", ",nothing,"))
    with pytest.raises(TableDamagedError) as caught:
        newest_before(log, observation.moment, WEEK)
    assert (caught.value.path, caught.value.line) == (log, 2)


@given(
    hours=st.lists(st.integers(-200, 50), max_size=30, unique=True),
    within=st.integers(1, 200).map(timedelta(hours=1).__mul__),
)
@settings(deadline=None, max_examples=50)
def test_it_is_what_a_look_at_all_rows_finds(
    tmp_path_factory: pytest.TempPathFactory, hours: list[int], within: timedelta
) -> None:
    moment = datetime(2018, 2, 5, 14, tzinfo=UTC)
    sample = Observation("x", "usd", moment, Decimal(1), None, None, None, None, last_updated=moment)
    rows = moments(sample, hours)
    log = tmp_path_factory.mktemp("logs") / "x_raw.csv"
    log.write_text(HEADER + "".join(map(encode_row, rows)))
    fitting = [row for row in rows if sample.moment - within <= row.moment < sample.moment]
    wanted = max(fitting, key=lambda row: row.moment, default=None)
    assert newest_before(log, sample.moment, within) == wanted

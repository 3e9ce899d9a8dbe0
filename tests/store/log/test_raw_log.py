import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.store.log.raw_log import read, read_bytes
from tests.store.log.appending import append

TIME = datetime(2018, 2, 5, 14, tzinfo=UTC)
HEADER = (
    b"timestamp,coin,vs_currency,price,change_1h_percent,change_24h_percent,"
    b"market_cap,total_volume,last_updated\n"
)
ROW = b"2018-02-05T14:00:00Z,bitcoin,usd,6955.270,-8.16,,117240543210,,2018-02-05T13:59:47Z\n"


def _later(observation: Observation, hours: int) -> Observation:
    moment = observation.moment + timedelta(hours=hours)
    return replace(observation, moment=moment, price=Decimal(hours + 1))


def _later_row(hours: int) -> bytes:
    return (
        f"2018-02-05T{14 + hours}:00:00Z,bitcoin,usd,{hours + 1},-8.16,,117240543210,,2018-02-05T13:59:47Z\n"
    ).encode()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "data" / "bitcoin_raw.csv"


def test_the_first_row_comes_with_the_header(log: Path, observation: Observation) -> None:
    assert append(log, observation)
    assert log.read_bytes() == HEADER + ROW
    assert stat.S_IMODE(log.stat().st_mode) == 0o644


def test_rows_stand_in_the_order_of_arrival(log: Path, observation: Observation) -> None:
    for hours in (2, 0, 1):
        assert append(log, _later(observation, hours))
    assert log.read_bytes() == HEADER + _later_row(2) + _later_row(0) + _later_row(1)
    assert [row.price for row in read(log)] == [3, 1, 2]


def test_a_moment_that_is_there_is_not_added_again(log: Path, observation: Observation) -> None:
    for hours in range(3):
        append(log, _later(observation, hours))
    before = log.read_bytes()
    for hours in range(3):
        assert not append(log, replace(_later(observation, hours), price=Decimal(99)))
    assert log.read_bytes() == before


def test_a_moment_in_another_column_is_no_row_of_that_moment(log: Path, observation: Observation) -> None:
    append(log, observation)
    assert append(log, replace(observation, moment=observation.last_updated))
    assert len(read(log)) == 2


def test_what_is_read_is_what_was_appended(log: Path, observation: Observation) -> None:
    append(log, observation)
    (found,) = read(log)
    assert found == observation
    assert str(found.price) == "6955.270"


def test_no_log_reads_as_no_row(log: Path) -> None:
    assert read(log) == []
    assert read_bytes(log) == b""


def test_an_empty_file_gets_its_header(log: Path, observation: Observation) -> None:
    log.parent.mkdir()
    log.touch()
    assert read(log) == []
    assert append(log, observation)
    assert log.read_bytes() == HEADER + ROW


def test_a_header_without_rows_stays_the_only_one(log: Path, observation: Observation) -> None:
    log.parent.mkdir()
    log.write_bytes(HEADER)
    assert read(log) == []
    append(log, observation)
    assert log.read_bytes() == HEADER + ROW


@pytest.mark.parametrize(
    "content",
    [
        b"timestamp,price\n2018-02-05T14:00:00Z,6955\n",
        HEADER.replace(b"price", b"Price") + ROW,
        b"\xef\xbb\xbf" + HEADER + ROW,
        ROW,
    ],
)
def test_another_header_is_damage_and_nothing_is_written(
    log: Path, observation: Observation, content: bytes
) -> None:
    log.parent.mkdir()
    log.write_bytes(content)
    for use in (lambda: append(log, observation), lambda: read(log)):
        with pytest.raises(TableDamagedError, match="the header is not timestamp,coin,") as caught:
            use()
        assert (caught.value.path, caught.value.line) == (log, 1)
        assert caught.value.hint == "coin-pipelines replay makes the log again from the archive"
    assert log.read_bytes() == content


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"2018-02-05T15:00:00Z,bitcoin,usd,1\n", "4 values instead of 9"),
        (b"\n", "1 values instead of 9"),
        (b",bitcoin,usd,1,,,,,2018-02-05T13:59:47Z\n", "no timestamp"),
        (b"2018-02-05T15:00:00Z,bitcoin,usd,,,,,,2018-02-05T13:59:47Z\n", "no price"),
        (b"2018-02-05T15:00:00Z,bitcoin,usd,x,,,,,2018-02-05T13:59:47Z\n", "price is 'x', not a number"),
        (
            b"2018-02-05T15:00:00Z,bitcoin,usd,1,NaN,,,,2018-02-05T13:59:47Z\n",
            "change_1h_percent is 'NaN', not a number",
        ),
        (b"yesterday,bitcoin,usd,1,,,,,2018-02-05T13:59:47Z\n", "Invalid isoformat string: 'yesterday'"),
        (b"2018-02-05T15:00:00,bitcoin,usd,1,,,,,2018-02-05T13:59:47Z\n", "has no time zone"),
        (b"0001-01-01T00:00:00+01:00,bitcoin,usd,1,,,,,2018-02-05T13:59:47Z\n", "0001-01-01T00:00:00"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(log: Path, row: bytes, reason: str) -> None:
    log.parent.mkdir()
    log.write_bytes(HEADER + ROW + row + _later_row(1))
    with pytest.raises(TableDamagedError) as caught:
        read(log)
    assert (caught.value.path, caught.value.line) == (log, 3)
    assert reason in caught.value.message
    assert str(caught.value).startswith(f"{log}:3: ")


@given(hours=st.lists(st.integers(-3, 3), max_size=12))
def test_any_appends_leave_each_moment_once_by_first_arrival(hours: list[int]) -> None:
    base = Observation(
        coin="bitcoin",
        vs_currency="usd",
        moment=TIME,
        price=Decimal(1),
        change_1h_percent=None,
        change_24h_percent=None,
        market_cap=None,
        total_volume=None,
        last_updated=TIME,
    )
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log.csv"
        added = []
        for number, hour in enumerate(hours):
            row = replace(base, moment=TIME + timedelta(hours=hour), price=Decimal(number + 1))
            if append(log, row):
                added.append(row)
        assert [row.moment for row in added] == [
            TIME + timedelta(hours=hour) for hour in dict.fromkeys(hours)
        ]
        assert read(log) == added

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.store.table.processed_table import Cell, encode, read_bytes, write

COLUMNS = ("timestamp", "price", "mean_24h", "count_24h")


def _row(day: int, hour: int) -> tuple[Cell, ...]:
    return (datetime(2018, 2, day, hour, tzinfo=UTC), Decimal("7.10"), None, 1)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "bitcoin_processed.csv"
    write(path, encode(COLUMNS, [_row(4, 22), _row(4, 23), _row(5, 0), _row(5, 23), _row(6, 0)]))
    return path


def test_the_bytes_of_a_table() -> None:
    rows: list[tuple[Cell, ...]] = [
        (datetime(2018, 2, 5, 14, tzinfo=UTC), Decimal("6955.270"), 7000.5, 24),
        (datetime(2018, 2, 5, 15, tzinfo=UTC), Decimal("7E-8"), None, 0),
        (datetime(2018, 2, 5, 16, tzinfo=UTC), Decimal(0), 0.1 + 0.2, 1),
    ]
    assert encode(COLUMNS, rows) == (
        b"timestamp,price,mean_24h,count_24h\n"
        b"2018-02-05T14:00:00Z,6955.270,7000.5,24\n"
        b"2018-02-05T15:00:00Z,0.00000007,,0\n"
        b"2018-02-05T16:00:00Z,0,0.30000000000000004,1\n"
    )


def test_a_table_without_rows_is_its_header() -> None:
    assert encode(COLUMNS, []) == b"timestamp,price,mean_24h,count_24h\n"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_the_same(number: float) -> None:
    text = encode(["x"], [[number]]).decode().splitlines()[1]
    assert float(text).hex() == number.hex()


def test_equal_content_leaves_the_file_untouched(table: Path) -> None:
    before = table.stat()
    rows = [_row(4, 22), _row(4, 23), _row(5, 0), _row(5, 23), _row(6, 0)]
    assert not write(table, encode(COLUMNS, rows))
    assert table.stat() == before


def test_other_content_replaces_the_file_whole(table: Path) -> None:
    assert write(table, encode(COLUMNS, [_row(5, 0)]))
    assert table.read_bytes() == encode(COLUMNS, [_row(5, 0)])
    assert list(table.parent.iterdir()) == [table]


def test_no_table_reads_as_nothing(tmp_path: Path) -> None:
    assert read_bytes(tmp_path / "none.csv") == b""

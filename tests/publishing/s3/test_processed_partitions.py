"""The processed table, cut into days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.publishing.s3.processed import split_by_day
from pipeline_lib.specs.layout import Layout
from pipeline_lib.store.table import processed_table

HEADER = b"timestamp,price\n"
START = datetime(2018, 2, 5, tzinfo=UTC)
ROWS = [b"2018-02-05T01:00:00Z,1\n", b"2018-02-05T02:00:00Z,2\n", b"2018-02-07T00:00:00Z,3\n"]


def test_each_day_has_its_rows_under_the_header(layout: Layout) -> None:
    found = list(split_by_day(layout, HEADER + b"".join(ROWS)))
    assert [(partition.day, partition.content) for partition in found] == [
        (date(2018, 2, 5), HEADER + ROWS[0] + ROWS[1]),
        (date(2018, 2, 7), HEADER + ROWS[2]),
    ]


@pytest.mark.parametrize("table", [b"", HEADER])
def test_a_table_without_rows_has_no_day(layout: Layout, table: bytes) -> None:
    assert list(split_by_day(layout, table)) == []


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([ROWS[2], ROWS[0]], 3),
        ([ROWS[0], ROWS[2], ROWS[1]], 4),
        ([ROWS[0], b"not a row\n"], 3),
        ([b"\n"], 2),
    ],
)
def test_a_table_out_of_order_is_damaged(layout: Layout, rows: list[bytes], line: int) -> None:
    with pytest.raises(TableDamagedError) as caught:
        list(split_by_day(layout, HEADER + b"".join(rows)))
    assert (caught.value.path, caught.value.line) == (layout.processed_table, line)


def test_a_day_that_no_calendar_has_is_damaged(layout: Layout) -> None:
    with pytest.raises(TableDamagedError, match="2018-02-31 is no day"):
        list(split_by_day(layout, HEADER + b"2018-02-31T00:00:00Z,1\n"))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.sets(st.integers(0, 200), min_size=1))
def test_the_days_together_are_the_table(layout: Layout, hours: set[int]) -> None:
    rows = [(START + timedelta(hours=hour), hour) for hour in sorted(hours)]
    table = processed_table.encode(("timestamp", "price"), rows)
    found = list(split_by_day(layout, table))
    assert HEADER + b"".join(partition.content.removeprefix(HEADER) for partition in found) == table
    assert [partition.day for partition in found] == sorted({moment.date() for moment, _ in rows})
    for partition in found:
        rest = list(split_by_day(layout, table, partition.start))
        assert rest == found[found.index(partition) :]

"""The processed table as it is rebuilt from the raw log alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.errors import TableDamagedError
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import Window
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.statistics_files import Rebuilt, build_processed_table, rebuild_processed_table
from pipeline_lib.store.log import raw_log
from pipeline_lib.store.log.raw_rows import encode_row
from tests.store.log.appending import append

START = datetime(2018, 2, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Window("24h", timedelta(hours=24))


def _observation(hour: int) -> Observation:
    moment, price = START + hour * HOUR, Decimal(7000 + hour * 37 % 100)
    return Observation("bitcoin", "usd", moment, price, None, None, None, None, moment)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.below(tmp_path, "bitcoin")


def test_a_rebuild_changes_a_table_that_is_another(layout: Layout) -> None:
    for hour in (2, 0, 1):
        append(layout.raw_log, _observation(hour))
    layout.processed_table.write_bytes(b"another\n")
    assert rebuild_processed_table(layout, [DAY]) == Rebuilt(3, START + 2 * HOUR, changed=True)
    assert layout.processed_table.read_bytes() == build_processed_table(
        layout.raw_log, raw_log.read(layout.raw_log), [DAY]
    )
    assert rebuild_processed_table(layout, [DAY]) == Rebuilt(3, START + 2 * HOUR, changed=False)


def test_a_moment_that_stands_twice_in_the_log_is_reported(layout: Layout) -> None:
    for hour in range(3):
        append(layout.raw_log, _observation(hour))
    rebuild_processed_table(layout, [DAY])
    before = layout.processed_table.read_bytes()
    with layout.raw_log.open("ab") as log:
        log.write(encode_row(replace(_observation(1), price=Decimal(1))).encode())
    with pytest.raises(TableDamagedError, match="2018-02-05T15:00:00Z stands there twice"):
        rebuild_processed_table(layout, [DAY])
    assert layout.processed_table.read_bytes() == before


def test_no_log_makes_no_table(layout: Layout) -> None:
    assert rebuild_processed_table(layout, [DAY]) == Rebuilt(0, None, changed=False)
    assert not layout.processed_table.exists()

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator

FIRST = datetime(2018, 2, 1, tzinfo=UTC)
NOW = FIRST + timedelta(hours=48)


def _write(path: Path, first_price: int) -> CsvSeries:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["timestamp", "close_usd", "volume_usd"])
        for hour in range(100 * 24):
            time = (FIRST + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")
            writer.writerow([time, f"{first_price + hour}.10", f"{hour}.5"])
    return CsvSeries(path)


@pytest.fixture(scope="session")
def series(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CsvSeries]:
    folder = tmp_path_factory.mktemp("prices")
    return {
        "ethereum": _write(folder / "ethereum.csv", 1_000),
        "bitcoin": _write(folder / "bitcoin.csv", 10_000),
    }


@pytest.fixture
def simulator(series: dict[str, CsvSeries]) -> Iterator[Simulator]:
    clock = SimulatedClock(lambda: datetime(2018, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC))
    clock.set(NOW)
    with Simulator(series, clock) as running:
        yield running

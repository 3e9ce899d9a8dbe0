from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.market import CoinGecko, Transport
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.series import CsvSeries
from pipeline_lib.simulator.server import Simulator

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy that the environment names can't reach the simulator.
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def moment() -> datetime:
    return MOMENT


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    prices = tmp_path / "bitcoin.csv"
    hours = [MOMENT + timedelta(hours=hour) for hour in range(-24, 1)]
    rows = [f"{hour:%Y-%m-%dT%H:%M:%SZ},{8000 + number}.50,100.5" for number, hour in enumerate(hours[:-1])]
    text = "\n".join(["timestamp,close_usd,volume_usd", *rows, "2018-02-05T14:00:00Z,7325.10,100.5", ""])
    prices.write_text(text, encoding="utf-8")
    clock = SimulatedClock(lambda: MOMENT)
    clock.set(MOMENT)
    with Simulator({"bitcoin": CsvSeries(prices)}, clock) as running:
        yield running


@pytest.fixture
def transport(simulator: Simulator) -> Transport:
    return Transport(simulator.base_url, None)


@pytest.fixture
def market(transport: Transport) -> CoinGecko:
    """Without waits between tries."""
    return CoinGecko(transport, lambda: MOMENT, RetryPolicy(attempts=3, first_wait=0.0))


@pytest.fixture
def row() -> Callable[..., str]:
    """A row of /coins/markets as JSON text; arguments replace the text of a field, None leaves it out."""
    fields: Mapping[str, str] = {
        "id": '"bitcoin"',
        "current_price": "7325.10",
        "market_cap": "123456789012",
        "total_volume": "9876543.5",
        "last_updated": '"2018-02-05T14:00:07.123Z"',
        "price_change_percentage_1h_in_currency": "-1.50",
        "price_change_percentage_24h_in_currency": "12.0",
    }

    def make(**changes: Any) -> str:  # noqa: ANN401 (text, or None)
        kept = {key: value for key, value in {**fields, **changes}.items() if value is not None}
        return "{" + ",".join(f'"{key}":{value}' for key, value in kept.items()) + "}"

    return make

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from socket import create_server

import pytest

from pipeline_lib.alerts.messages.composing import AlertContext, MovesText, WindowText
from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.common.secret import Secret
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.server import Simulator

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.fixture
def market() -> AlertContext:
    return AlertContext(
        pipeline="bitcoin",
        coin="bitcoin",
        vs_currency="usd",
        moment=MOMENT,
        price=Decimal("6955.27"),
        moves=MovesText(Decimal("-8.1649"), Decimal("-16.2")),
        windows=[
            WindowText("24h", 8000.5, 120.25, 24, -8.69),
            WindowText("20_rows", 6955.27, None, 1, None),
        ],
        last_day=[Decimal(8000), Decimal(8100), Decimal(7600), Decimal("6955.27")],
        run_url="https://airflow.example/dags/bitcoin_data_pipeline/runs/manual?a=1&b=2",
        log_url="https://airflow.example/log",
    )


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    clock = SimulatedClock(lambda: MOMENT)
    with Simulator({}, clock) as running:
        yield running


@pytest.fixture
def webhook(simulator: Simulator) -> SlackWebhook:
    return SlackWebhook(Secret(simulator.slack_webhook_url), RetryPolicy(first_wait=0))


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens at."""
    with create_server(("127.0.0.1", 0)) as socket:
        port: int = socket.getsockname()[1]
    return port

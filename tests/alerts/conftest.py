from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from socket import create_server

import pytest

from pipeline_lib.alerts.messages import AbnormalMove, PriceAlert
from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.retrying import RetryPolicy
from pipeline_lib.secret import Secret
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.server import Simulator

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.fixture
def alert() -> PriceAlert:
    return PriceAlert(
        pipeline="bitcoin",
        coin="bitcoin",
        vs_currency="usd",
        price=Decimal("6955.27"),
        moment=MOMENT,
        moves=[
            AbnormalMove("1h", Decimal("-8.1649"), Decimal(3)),
            AbnormalMove("24h", Decimal("-16.2"), Decimal("8.50")),
        ],
        run_url="https://airflow.example/dags/bitcoin_data_pipeline/runs/manual?a=1&b=2",
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

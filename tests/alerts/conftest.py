from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipeline_lib.alerts.context import AlertContext
from pipeline_lib.analysis.price_moves import PriceMoves
from pipeline_lib.analysis.rolling import WindowStatistics
from tests.fixtures.slack import closed_port, simulator, webhook

__all__ = ["closed_port", "simulator", "webhook"]

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)


@pytest.fixture
def market() -> AlertContext:
    return AlertContext(
        pipeline="bitcoin",
        coin="bitcoin",
        vs_currency="usd",
        moment=MOMENT,
        price=Decimal("6955.27"),
        moves=PriceMoves(Decimal("-8.1649"), Decimal("-16.2")),
        windows={
            "24h": WindowStatistics(8000.5, 120.25, 24, -8.69),
            "20_rows": WindowStatistics(6955.27, None, 1, None),
        },
        last_day=[Decimal(8000), Decimal(8100), Decimal(7600), Decimal("6955.27")],
        run_url="https://airflow.example/dags/bitcoin_data_pipeline/runs/manual?a=1&b=2",
        log_url="https://airflow.example/log",
    )

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipeline_lib.model.observation import Observation


@pytest.fixture(scope="session")
def observation() -> Observation:
    moment = datetime(2018, 2, 5, 14, tzinfo=UTC)
    return Observation(
        coin="bitcoin",
        vs_currency="usd",
        moment=moment,
        price=Decimal("6955.27"),
        change_1h_percent=None,
        change_24h_percent=None,
        market_cap=None,
        total_volume=None,
        last_updated=moment,
    )

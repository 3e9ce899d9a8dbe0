from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.model.observation import Observation

START = datetime(2018, 2, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def observe() -> Callable[..., Observation]:
    def observe(hours: float, price: str = "6955.270", coin: str = "bitcoin") -> Observation:
        moment = START + hours * HOUR
        return Observation(
            coin=coin,
            vs_currency="usd",
            moment=moment,
            price=Decimal(price),
            change_1h_percent=Decimal("-8.16"),
            change_24h_percent=None,
            market_cap=Decimal(117240543210),
            total_volume=None,
            last_updated=moment - timedelta(seconds=5),
        )

    return observe


@pytest.fixture
def archived() -> Callable[..., ArchivedPart]:
    def archived(hours: float, part: int = 1) -> ArchivedPart:
        moment = START + hours * HOUR
        json_sha256, csv_sha256 = (
            sha256(f"{moment} {part} {suffix}".encode()).hexdigest() for suffix in ("json", "csv")
        )
        return ArchivedPart(moment, part, json_sha256, csv_sha256, moment + timedelta(seconds=7))

    return archived

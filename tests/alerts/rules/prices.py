"""Observations an hour apart."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pipeline_lib.alerts.rules import Rule
from pipeline_lib.model.events import Reading
from pipeline_lib.model.observation import Observation

START = datetime(2018, 2, 5, tzinfo=UTC)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hourly(prices: Sequence[str | int | float]) -> list[Observation]:
    return [
        Observation("bitcoin", "usd", moment, Decimal(str(price)), None, None, None, None, moment)
        for moment, price in ((START + hour * HOUR, price) for hour, price in enumerate(prices))
    ]


def readings(rule: Rule, observations: Sequence[Observation]) -> list[Reading | None]:
    return [reading for _, reading in rule.readings(observations, BEGINNING)]

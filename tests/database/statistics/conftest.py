from collections.abc import Callable
from decimal import Decimal

import pytest

from pipeline_lib.database import arrivals
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.model.observation import Observation
from tests.database.conftest import HOUR, START

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]


@pytest.fixture
def series(database: Database, observe: Observe, archived: Archive) -> int:
    """Four hours, which came in the order 0, 1, 3, 2."""
    with database.writing() as connection:
        for hour in (0, 1, 3, 2):
            arrivals.record(connection, "bitcoin", archived(hour), [observe(hour, f"{7000 + hour}.10")])
        return find_series_id(connection, "bitcoin", "bitcoin", "usd") or 0


@pytest.fixture
def other_series(
    database: Database,
    series: int,  # noqa: ARG001 - comes before it
    observe: Observe,
    archived: Archive,
) -> int:
    """Another coin of the pipeline, which came as its fifth arrival, in a second part of one of its hours."""
    with database.writing() as connection:
        arrivals.record(connection, "bitcoin", archived(1, part=2), [observe(1, "1.5", coin="a-coin")])
        return find_series_id(connection, "bitcoin", "a-coin", "usd") or 0


def statistics_row(hour: int, log_return: float | None = 0.1) -> tuple[object, ...]:
    moment = START + hour * HOUR
    return (moment, Decimal(1), Decimal("0.0000000001"), None, log_return, 7000.1, None, 1, -0.5)

"""Events that backfilled observations bring about, whoever backfills and whenever."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from pipeline_lib.alerts.backfill import backfilled_events
from pipeline_lib.alerts.evaluation import evaluate
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database import observations
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.events import EventKind
from pipeline_lib.specs import PipelineSpec, Thresholds
from tests.alerts.samples import HOUR, MOMENT
from tests.fixtures.recorded import read_recorded, record, series_of
from tests.system.replays import NEVER, observation, spec_of

PRICES = (100, 100, 90, 90, 90)
FIRED, CLEARED = (EventKind.FIRED, 2), (EventKind.CLEARED, 3)


@pytest.fixture
def spec() -> PipelineSpec:
    return spec_of(Thresholds(Decimal(3), NEVER))


def _backfilled(
    database: Database, spec: PipelineSpec, live: Sequence[int], silent: Sequence[int], later: Sequence[int]
) -> list[tuple[EventKind, int]]:
    """The backfilled events among all, when the hours came in this order."""
    rows = [observation(MOMENT + hour * HOUR, Decimal(price)) for hour, price in enumerate(PRICES)]
    last = MOMENT + (len(PRICES) - 1) * HOUR
    with database.writing() as connection:
        record(connection, [rows[hour] for hour in live])
        record(connection, [rows[hour] for hour in silent], is_silent=True)
        record(connection, [rows[hour] for hour in later])
        # The moment of the first row, so that no event counts as known.
        series = read_recorded(connection, spec, series_of(connection), MOMENT)
        order = observations.read_order(connection, series.id, BEGINNING)
        events = [event for event in evaluate(series, MOMENT).events if event.moment <= last]
        assert [(event.kind, (event.moment - MOMENT) // HOUR) for event in events] == [FIRED, CLEARED]
        found = backfilled_events(events, series, MOMENT, order)
        return [(event.kind, (event.moment - MOMENT) // HOUR) for event in found]


@pytest.mark.parametrize(
    ("live", "silent", "later", "expected"),
    [
        ([0, 2, 3, 4], [1], [], [FIRED, CLEARED]),
        ([0, 1, 3, 4], [2], [], [FIRED, CLEARED]),
        ([0, 1, 2, 3], [4], [], []),
        ([0], [2, 1], [3, 4], [FIRED]),
        # What a live observation brings about is news, also when it is compared with backfilled ones.
        ([], [0, 1], [2, 3, 4], []),
        ([0, 1, 2, 3, 4], [], [], []),
    ],
)
def test_only_events_that_wouldnt_be_without_a_later_backfilled_observation_are_among_them(
    database: Database,
    spec: PipelineSpec,
    live: list[int],
    silent: list[int],
    later: list[int],
    expected: list[tuple[EventKind, int]],
) -> None:
    assert _backfilled(database, spec, live, silent, later) == expected

"""The events of a backfilled observation, which is the only one that makes them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib.alerts.backfill import backfilled_events
from pipeline_lib.model.events import EventKind
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import PipelineSpec, Thresholds
from pipeline_lib.store.state.alert_records import AlertRecord, AlertRecords, DeliveryStatus
from tests.alerts.samples import HOUR, MOMENT
from tests.system.replays import NEVER, observation, spec_of

PRICES = (100, 100, 90, 90, 90)


@pytest.fixture
def spec() -> PipelineSpec:
    return spec_of(Thresholds(Decimal(3), NEVER))


def _history(since: datetime) -> Sequence[Observation]:
    rows = [observation(MOMENT + hour * HOUR, Decimal(price)) for hour, price in enumerate(PRICES)]
    return [row for row in rows if row.moment >= since]


@pytest.mark.parametrize(
    ("hour", "events"),
    [
        (1, [(EventKind.FIRED, 2), (EventKind.CLEARED, 3)]),
        (2, [(EventKind.FIRED, 2), (EventKind.CLEARED, 3)]),
        (4, []),
    ],
)
def test_events_that_the_other_observations_make_as_well_are_not_among_them(
    spec: PipelineSpec, tmp_path: Path, hour: int, events: list[tuple[EventKind, int]]
) -> None:
    found = backfilled_events(spec, tmp_path, _history, MOMENT + hour * HOUR)
    assert [(event.kind, (event.moment - MOMENT) // HOUR) for event in found] == events


def test_a_settled_event_is_not_among_them(spec: PipelineSpec, tmp_path: Path) -> None:
    moment = MOMENT + 2 * HOUR
    fired, cleared = backfilled_events(spec, tmp_path, _history, moment)
    now = datetime(2018, 3, 1, tzinfo=UTC)
    AlertRecords(tmp_path).add(AlertRecord(DeliveryStatus.DELIVERED, moment, now, [fired]))
    assert backfilled_events(spec, tmp_path, _history, moment) == [cleared]

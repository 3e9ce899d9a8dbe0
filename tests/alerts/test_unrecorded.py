"""After a replay or a takeover: what has no delivery record is never sent, and counts as delivered."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from pipeline_lib.alerts.evaluation import Evaluation, evaluate
from pipeline_lib.alerts.pending import select_pending
from pipeline_lib.alerts.unrecorded import settle_unknown
from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import events
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import series_prices
from pipeline_lib.model.events import DeliveryStatus
from pipeline_lib.specs import Thresholds
from tests.alerts.samples import HOUR, MOMENT
from tests.fixtures.recorded import read_recorded, record, series_of
from tests.system.replays import NEVER, observation, spec_of

# The move over a day, which goes on as long as each day's price is a tenth below the one of the day before.
SPEC = spec_of(Thresholds(NEVER, Decimal(5)))
FALL_SINCE = 24


def _price(hour: int) -> Decimal:
    return Decimal(1000) * Decimal("0.9") ** max(0, 1 + (hour - FALL_SINCE) // 24)


def _fill(connection: Connection, hours: range) -> None:
    record(connection, [observation(MOMENT + hour * HOUR, _price(hour)) for hour in hours])


def _evaluate(connection: Connection, run_moment: datetime) -> Evaluation:
    return evaluate(read_recorded(connection, SPEC, series_of(connection), run_moment), run_moment)


def _statuses(connection: Connection) -> Counter[str]:
    recorded = events.read_since(connection, series_of(connection).id, BEGINNING)
    return Counter(f"{each.event.kind.value} {each.status.value}" for each in recorded)


def test_every_event_without_a_record_is_unknown_and_those_with_one_stay(database: Database) -> None:
    with database.writing() as connection:
        _fill(connection, range(240))
        series = series_of(connection)
        assert settle_unknown(connection, SPEC, series_prices.read(connection, series), MOMENT) == 1
        assert _statuses(connection) == {"fired unknown": 1}
        assert settle_unknown(connection, SPEC, series_prices.read(connection, series), MOMENT) == 1
        assert _statuses(connection) == {"fired unknown": 1}


def test_the_end_of_an_unknown_episode_is_delivered_by_a_later_run(database: Database) -> None:
    with database.writing() as connection:
        _fill(connection, range(240))
        series = series_of(connection)
        settle_unknown(connection, SPEC, series_prices.read(connection, series), MOMENT)
        calm = observation(MOMENT + 240 * HOUR, _price(216))
        record(connection, [calm])
        evaluation = _evaluate(connection, calm.moment)
        recorded = events.read_since(connection, series.id, BEGINNING)
        pending = select_pending(
            evaluation.events,
            {each.event.key for each in recorded},
            [each.event for each in recorded if each.status.counts_as_delivered],
            calm.moment,
        )
    assert [(event.kind.value, event.since) for event in pending.events] == [
        ("cleared", MOMENT + FALL_SINCE * HOUR)
    ]


def test_what_an_older_database_calls_pending_may_have_been_delivered_since(database: Database) -> None:
    with database.writing() as connection:
        _fill(connection, range(26))
        series = series_of(connection)
        found = _evaluate(connection, MOMENT + 12 * HOUR).events
        events.add_pending(connection, series.id, found, MOMENT)
        assert _statuses(connection) == {"fired pending": 1}
        settle_unknown(connection, SPEC, series_prices.read(connection, series), MOMENT)
        assert _statuses(connection) == {"fired unknown": 1}


def test_delivery_records_stay(database: Database) -> None:
    with database.writing() as connection:
        _fill(connection, range(26))
        series = series_of(connection)
        found = _evaluate(connection, MOMENT + 12 * HOUR).events
        events.settle(connection, series.id, found, Settlement(DeliveryStatus.EXPIRED, MOMENT))
        settle_unknown(connection, SPEC, series_prices.read(connection, series), MOMENT + timedelta(days=9))
        assert _statuses(connection) == {"fired expired": 1}

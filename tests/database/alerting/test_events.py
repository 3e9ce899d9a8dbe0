from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from pipeline_lib.common.timestamps import BEGINNING
from pipeline_lib.database.alerting import events, messages
from pipeline_lib.database.alerting.events import Settlement
from pipeline_lib.database.alerting.messages import MessageStatus, WaitingMessage
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.tables import events as table
from pipeline_lib.errors import DatabaseRefusedError
from pipeline_lib.model.events import DeliveryStatus, Event
from tests.alerts.samples import CLEARED, FIRED, GROWN, HOUR_MOVE, MOMENT, REMINDED, at, event
from tests.fixtures.recorded import record, series_of
from tests.system.replays import observation

PENDING, SENDING, DELIVERED = DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.DELIVERED


def _series(connection: Connection, pipeline: str = "btc") -> int:
    record(connection, [observation(MOMENT, Decimal(1))], pipeline)
    return series_of(connection, pipeline).id


def _statuses(connection: Connection, series_id: int) -> list[tuple[Event, DeliveryStatus]]:
    return [(each.event, each.status) for each in events.read_since(connection, series_id, BEGINNING)]


def test_events_come_back_digit_for_digit_by_moment(database: Database) -> None:
    written = [
        event(CLEARED, 9, since=0, value="-0.12345678901234567890123456789"),
        event(FIRED, 0, rule=HOUR_MOVE),
        event(GROWN, 3, since=0, step=4),
    ]
    with database.writing() as connection:
        series_id = _series(connection)
        events.settle(connection, series_id, written, Settlement(DeliveryStatus.EXPIRED, MOMENT))
        expected = sorted(written, key=lambda each: each.moment)
        assert _statuses(connection, series_id) == [(each, DeliveryStatus.EXPIRED) for each in expected]
        assert [each.event for each in events.read_since(connection, series_id, at(3))] == expected[1:]


def test_what_is_settled_stays_and_what_is_open_is_settled(database: Database) -> None:
    fired, reminded = event(FIRED), event(REMINDED, 5, since=0)
    with database.writing() as connection:
        series_id = _series(connection)
        events.add_pending(connection, series_id, [fired], MOMENT)
        events.settle(connection, series_id, [fired, reminded], Settlement(DELIVERED, MOMENT))
        events.settle(connection, series_id, [fired, reminded], Settlement(DeliveryStatus.EXPIRED, MOMENT))
        events.add_pending(connection, series_id, [fired, reminded], MOMENT)
        assert _statuses(connection, series_id) == [(fired, DELIVERED), (reminded, DELIVERED)]


def test_a_late_observation_moves_the_beginning_of_an_open_event_and_not_its_status(
    database: Database,
) -> None:
    before, after = event(GROWN, 5, since=2, step=2), event(GROWN, 5, since=0, step=3)
    with database.writing() as connection:
        series_id = _series(connection)
        events.add_pending(connection, series_id, [before], MOMENT)
        message_id = messages.reserve(connection, "x", MOMENT, {}, MOMENT)
        (recorded,) = events.read_since(connection, series_id, BEGINNING)
        events.reserve(connection, [recorded.id], message_id, MOMENT)
        events.add_pending(connection, series_id, [after], MOMENT)
        (again,) = events.read_since(connection, series_id, BEGINNING)
        assert (again.event, again.status, again.message_id) == (after, SENDING, message_id)


def test_a_rule_has_one_event_of_a_kind_at_a_moment(database: Database) -> None:
    one, other = event(FIRED, 5, step=2), event(FIRED, 5, step=3)
    with database.writing() as connection:
        series_id = _series(connection)
        events.settle(connection, series_id, [one], Settlement(DELIVERED, MOMENT))
    insert = table.insert().values(events._values(series_id, other, Settlement(DELIVERED, MOMENT)))
    with pytest.raises(DatabaseRefusedError, match=r"(?i)unique"), database.writing() as connection:
        connection.execute(insert)


def test_a_message_settles_its_own_events_alone(database: Database) -> None:
    with database.writing() as connection:
        series_id = _series(connection)
        events.add_pending(connection, series_id, [event(FIRED), event(CLEARED, 2, since=0)], MOMENT)
        fired, cleared = (each.id for each in events.read_since(connection, series_id, BEGINNING))
        first, second = (messages.reserve(connection, "x", MOMENT, {}, MOMENT) for _ in range(2))
        events.reserve(connection, [fired, cleared], first, MOMENT)
        events.reserve(connection, [cleared], second, MOMENT)
        events.settle_message(connection, first, Settlement(DELIVERED, MOMENT))
        assert [status for _, status in _statuses(connection, series_id)] == [DELIVERED, SENDING]
        assert messages.newest(connection) == second


def test_open_events_are_settled_up_to_a_moment(database: Database) -> None:
    with database.writing() as connection:
        series_id = _series(connection)
        events.add_pending(connection, series_id, [event(FIRED), event(FIRED, 5)], MOMENT)
        events.settle_open(connection, [series_id], at(4), Settlement(DeliveryStatus.EXPIRED, MOMENT))
        assert [status for _, status in _statuses(connection, series_id)] == [DeliveryStatus.EXPIRED, PENDING]


def test_open_events_of_the_series_alone_are_settled(database: Database) -> None:
    with database.writing() as connection:
        keys = [_series(connection, pipeline) for pipeline in ("a", "b", "c")]
        for key in keys:
            events.add_pending(connection, key, [event(FIRED)], MOMENT)
        events.settle_open(connection, keys[:2], at(4), Settlement(DeliveryStatus.EXPIRED, MOMENT))
        expired, pending = [(event(FIRED), DeliveryStatus.EXPIRED)], [(event(FIRED), PENDING)]
        assert [_statuses(connection, key) for key in keys] == [expired, expired, pending]


def test_events_of_series_are_read_from_a_moment_of_each(database: Database) -> None:
    first, later = event(FIRED), event(GROWN, 3, since=0, step=4)
    with database.writing() as connection:
        one, other, calm = (_series(connection, pipeline) for pipeline in ("a", "b", "c"))
        for key in (one, other):
            events.add_pending(connection, key, [later, first], MOMENT)
        found = events.read_all_since(connection, {one: at(1), other: BEGINNING, calm: BEGINNING})
        assert {key: [each.event for each in own] for key, own in found.items()} == {
            one: [later],
            other: [first, later],
        }
        assert events.read_all_since(connection, {}) == {}


def test_missed_events_are_those_refused_or_expired(database: Database) -> None:
    with database.writing() as connection:
        missed, delivered = _series(connection, "missed"), _series(connection, "delivered")
        for hours, status in enumerate(
            (DeliveryStatus.EXPIRED, DeliveryStatus.UNDELIVERED, DELIVERED, PENDING)
        ):
            events.settle(connection, missed, [event(FIRED, hours)], Settlement(status, MOMENT))
        events.settle(connection, delivered, [event(FIRED, 9)], Settlement(DELIVERED, MOMENT))
        assert events.count_missed(connection, at(0)) == {missed: 2}
        assert events.count_missed(connection, at(1)) == {missed: 1}
        assert events.count_missed(connection, at(2)) == {}


def test_a_rules_newest_event_is_unended_unless_it_clears(database: Database) -> None:
    grown, other = event(GROWN, 3, since=0, step=2), event(FIRED, 1, rule=HOUR_MOVE)
    with database.writing() as connection:
        first, second = _series(connection, "first"), _series(connection, "second")
        settled = Settlement(DELIVERED, MOMENT)
        events.settle(connection, first, [event(FIRED), grown, other], settled)
        events.settle(connection, second, [event(FIRED), event(CLEARED, 2, since=0)], settled)
        events.settle(connection, second, [event(CLEARED, rule=HOUR_MOVE), other], settled)
        found = events.read_unended(connection, {"1h", "24h", "another"})
        assert sorted(found, key=repr) == sorted([(first, grown), (first, other), (second, other)], key=repr)
        assert events.read_unended(connection, {"24h"}) == [(first, grown)]
        assert events.read_unended(connection, set()) == []


def test_the_outbox_has_one_place_a_series_and_is_read_by_pipeline(database: Database) -> None:
    def waiting(series_id: int, pipeline: str, moment: float, headline: str) -> WaitingMessage:
        return WaitingMessage(series_id, pipeline, "bitcoin", at(moment), headline, [{"a": "ü"}], [1, 2])

    with database.writing() as connection:
        two, one = _series(connection, "b"), _series(connection, "a")
        messages.put(connection, "x", [waiting(two, "b", 0, "first")])
        messages.put(connection, "x", [waiting(two, "b", 1, "second"), waiting(one, "a", 1, "other")])
        assert messages.read_waiting(connection, "x", at(0)) == []
        assert messages.read_waiting(connection, "y", at(1)) == []
        assert messages.read_waiting(connection, "x", at(1)) == [
            waiting(one, "a", 1, "other"),
            waiting(two, "b", 1, "second"),
        ]
        messages.take_out_sent(connection, [one, two], at(0))
        assert messages.find_waiting(connection, [one, two]) == {one, two}
        assert messages.find_waiting(connection, [two]) == {two}
        messages.take_out_sent(connection, [two], at(1))
        assert messages.find_waiting(connection, [one, two]) == {one}
        messages.take_out(connection, [one, two])
        assert messages.find_waiting(connection, [one, two]) == frozenset()


def test_a_message_whose_end_is_recorded_isnt_given_up(database: Database) -> None:
    with database.writing() as connection:
        ended, lost = (messages.reserve(connection, "x", MOMENT, {}, MOMENT) for _ in range(2))
        messages.finish(connection, ended, MessageStatus.UNDELIVERED, MOMENT, "no_service")
        messages.give_up(connection, [ended, lost], MOMENT + timedelta(hours=1))
        rows = connection.exec_driver_sql("SELECT status, detail FROM messages ORDER BY id").all()
        assert [tuple(row) for row in rows] == [
            ("undelivered", "no_service"),
            ("unknown", "its sender ended without a word"),
        ]

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest

from pipeline_lib.common.secret import Secret
from pipeline_lib.database import arrivals, observations
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import NO_CHAIN, find_series, find_series_id
from pipeline_lib.model.observation import Observation

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]


def test_arrivals_are_numbered_and_chained_in_the_order_in_which_they_come(
    database: Database, observe: Observe, archived: Archive
) -> None:
    with database.writing() as connection:
        for hours in (0, 2, 1):
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])
    with database.reading() as connection:
        found = list(arrivals.read(connection, "bitcoin"))
    assert [each.number for each in found] == [1, 2, 3]
    assert [each.archived for each in found] == [archived(0), archived(2), archived(1)]
    chain = NO_CHAIN
    for each in found:
        chain = arrivals.chained(chain, each.archived)
        assert each.chain_sha256 == chain


def test_a_snapshot_that_is_recorded_stays_as_it_is(
    database: Database, observe: Observe, archived: Archive
) -> None:
    with database.writing() as connection:
        first = arrivals.record(connection, "bitcoin", archived(0), [observe(0)])
    with database.writing() as connection:
        again = arrivals.record(connection, "bitcoin", archived(0), [observe(0, "1.0")])
    assert (first[1], again[1], first[0]) == (True, False, again[0])
    with database.reading() as connection:
        assert len(list(arrivals.read(connection, "bitcoin"))) == 1
        assert [each.observation for each in observations.read_by_arrival(connection, "bitcoin")] == [
            observe(0)
        ]


def test_a_transaction_that_fails_leaves_no_gap_in_the_numbers(
    database: Database, observe: Observe, archived: Archive
) -> None:
    def record(hours: int, *, stops: bool) -> None:
        with database.writing() as connection:
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])
            if stops:
                raise KeyError(hours)

    record(0, stops=False)
    with pytest.raises(KeyError):
        record(1, stops=True)
    record(2, stops=False)
    with database.reading() as connection:
        found = list(arrivals.read(connection, "bitcoin"))
    assert [(each.number, each.archived.moment.hour) for each in found] == [(1, 14), (2, 16)]


def test_many_writers_of_one_pipeline_get_numbers_without_gaps(
    database_address: Secret, observe: Observe, archived: Archive
) -> None:
    def run(worker: int) -> None:
        with closing(Database(database_address)) as database:
            for step in range(10):
                hours = worker * 10 + step
                with database.writing() as connection:
                    arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with closing(Database(database_address)) as database, database.reading() as connection:
        found = list(arrivals.read(connection, "bitcoin"))
        assert len(list(observations.read_by_arrival(connection, "bitcoin"))) == 40
    assert [each.number for each in found] == list(range(1, 41))


def test_the_first_arrival_of_a_later_day_closes_the_manifest_and_late_ones_join_the_open_one(
    database: Database, observe: Observe, archived: Archive
) -> None:
    with database.writing() as connection:
        for hours in (0, 9, 10, 1, 34):
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])
    with database.reading() as connection:
        found = list(arrivals.read(connection, "bitcoin"))
    days = sorted({each.manifest_day for each in found})
    manifests = [[each.archived for each in found if each.manifest_day == day] for day in days]
    assert days == [datetime(2018, 2, day, tzinfo=UTC) for day in (5, 6, 7)]
    assert manifests == [[archived(0), archived(9)], [archived(10), archived(1)], [archived(34)]]


def test_of_two_parts_with_one_coin_the_lower_one_wins_in_any_order(
    database: Database, observe: Observe, archived: Archive
) -> None:
    first, second = observe(0, "1.10"), observe(0, "2.20")
    with database.writing() as connection:
        arrivals.record(connection, "down", archived(0, part=2), [second, observe(0, "9", "ethereum")])
        arrivals.record(connection, "down", archived(0, part=1), [first])
        arrivals.record(connection, "up", archived(0, part=1), [first])
        arrivals.record(connection, "up", archived(0, part=2), [second, observe(0, "9", "ethereum")])
    with database.reading() as connection:
        for pipeline in ("down", "up"):
            series = find_series_id(connection, pipeline, "bitcoin", "usd")
            assert series is not None
            assert observations.find(connection, series, first.moment) == first
            assert [each.coin for each in find_series(connection, pipeline)] == ["bitcoin", "ethereum"]
            parts = [each.archived.part for each in arrivals.find(connection, pipeline, first.moment)]
            assert parts == [1, 2]

from threading import Event, Thread

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.statistics import states
from pipeline_lib.database.statistics.states import NOT_COMPUTED, StatisticsState


def test_the_state_is_what_was_written(database: Database, series: int, other_series: int) -> None:
    computed = StatisticsState("method=1 24h", 3)
    with database.writing() as connection:
        assert states.read(connection, [series]) == {}
        assert states.lock(connection, [series]) == {series: NOT_COMPUTED}
        states.write(connection, {series: computed})
        assert states.lock(connection, [series]) == {series: computed}
    with database.reading() as connection:
        assert states.read(connection, [series, other_series]) == {series: computed}
    with database.writing() as connection:
        assert states.lock(connection, [series, other_series]) == {
            series: computed,
            other_series: NOT_COMPUTED,
        }
        newer = StatisticsState("method=1 24h", 5)
        states.write(connection, {series: newer, other_series: computed})
        assert states.read(connection, [series, other_series]) == {series: newer, other_series: computed}


def test_who_locks_the_state_waits_for_the_one_before(
    database: Database, database_address: Secret, series: int
) -> None:
    locked, order = Event(), list[str]()

    def second() -> None:
        other = Database(database_address)
        locked.wait()
        with other.writing() as connection:
            order.append(f"second sees {states.lock(connection, [series])[series].arrival}")
        other.close()

    thread = Thread(target=second)
    thread.start()
    with database.writing() as connection:
        states.lock(connection, [series])
        locked.set()
        thread.join(timeout=0.3)
        order.append("first ends")
        states.write(connection, {series: StatisticsState("", 4)})
    thread.join()
    assert order == ["first ends", "second sees 4"]

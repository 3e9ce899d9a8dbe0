from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from pipeline_lib.archive.rows import encode_row
from pipeline_lib.common.secret import Secret
from pipeline_lib.database import arrivals, observations
from pipeline_lib.database.arrivals import ArchivedPart
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import find_series_id
from pipeline_lib.model.observation import Observation

Observe = Callable[..., Observation]
Archive = Callable[..., ArchivedPart]


def _series(database: Database, coin: str = "bitcoin") -> int:
    with database.reading() as connection:
        found = find_series_id(connection, "bitcoin", coin, "usd")
    assert found is not None
    return found


def test_reads_by_moment_and_by_arrival(database: Database, observe: Observe, archived: Archive) -> None:
    with database.writing() as connection:
        for hours in (3, 0, 2, 1):
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])
        arrivals.record(connection, "other", archived(5), [observe(5)])
    series = _series(database)
    with database.reading() as connection:
        since = observations.read_since(connection, series, observe(1).moment)
        came = list(observations.read_by_arrival(connection, "bitcoin", after=1))
        assert observations.count(connection, series) == 4
        assert observations.find(connection, series, observe(7).moment) is None
    assert since == [observe(1), observe(2), observe(3)]
    assert [(each.arrival, each.observation) for each in came] == [
        (2, observe(0)),
        (3, observe(2)),
        (4, observe(1)),
    ]


def test_the_last_price_before_a_moment_is_of_each_series(
    database: Database, observe: Observe, archived: Archive
) -> None:
    prices = {0: "1.10", 1: "2.20", 2: "3.30", 3: "4.40"}
    with database.writing() as connection:
        for hours in (3, 0, 2, 1):
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours, prices[hours])])
        arrivals.record(connection, "bitcoin", archived(1, part=2), [observe(1, "9.90", coin="a-coin")])
    ids = [_series(database, coin) for coin in ("bitcoin", "a-coin")]

    def read(since: float, before: float) -> list[tuple[str, int] | None]:
        with database.reading() as connection:
            found = observations.read_last_prices(
                connection, ids, observe(since).moment, observe(before).moment
            )
        hours = {observe(hours).last_updated: hours for hours in prices}
        return [
            (str(found[key].price), hours[found[key].last_updated]) if key in found else None for key in ids
        ]

    assert read(0, 3) == [("3.30", 2), ("9.90", 1)]
    assert read(0, 2.5) == [("3.30", 2), ("9.90", 1)]
    assert read(2, 3) == [("3.30", 2), None]
    assert read(0, 1) == [("1.10", 0), None]
    assert read(0, 0) == [None, None]


def test_the_database_writes_the_lines_of_the_raw_log(
    database: Database, observe: Observe, archived: Archive
) -> None:
    first = [observe(3, "0.00000007", "aave"), observe(3, "1E+3")]
    known = replace(observe(1), change_24h_percent=Decimal("-0.10"), total_volume=Decimal("0E-10"))
    unknown = replace(observe(2), change_1h_percent=None, market_cap=None)
    with database.writing() as connection:
        for recorded in (first, [known], [unknown]):
            part = archived((recorded[0].moment - observe(0).moment) / timedelta(hours=1))
            arrivals.record(connection, "bitcoin", part, recorded)
        newest, lines = observations.read_lines(connection, "bitcoin")
        assert observations.read_lines(connection, "bitcoin", after=2) == (3, lines[-1:])
        assert observations.read_lines(connection, "bitcoin", after=3) == (3, [])
    assert newest == 3
    assert [f"{line}\n" for line in lines] == [encode_row(each) for each in (*first, known, unknown)]


def test_moments_of_all_series_are_texts(database: Database, observe: Observe, archived: Archive) -> None:
    with database.writing() as connection:
        for hours in (3, 0, 2):
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours)])
        arrivals.record(connection, "old", archived(0), [observe(0)])
    with database.reading() as connection:
        found = dict(observations.read_moments(connection, observe(1).moment))
        assert dict(observations.read_moments(connection, observe(9).moment)) == dict.fromkeys(found, "")
    assert sorted(found.pop(_series(database)).split()) == ["2018-02-05T16:00:00Z", "2018-02-05T17:00:00Z"]
    assert list(found.values()) == [""]


def test_sql_computes_with_the_number_beside_the_digits(
    database: Database, observe: Observe, archived: Archive
) -> None:
    with database.writing() as connection:
        for hours, price in enumerate(["9.5", "10.25", "0.000000012300"]):
            arrivals.record(connection, "bitcoin", archived(hours), [observe(hours, price)])
    with database.reading() as connection:
        prices = (
            connection.execute(text("SELECT price FROM observations ORDER BY price_number")).scalars().all()
        )
        highest = connection.execute(text("SELECT MAX(price_number) FROM observations")).scalar_one()
    assert prices == ["0.000000012300", "9.5", "10.25"]
    assert float(highest) == 10.25


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(price=st.decimals(min_value=Decimal("1e-24"), max_value=Decimal("1e24"), allow_nan=False))
def test_any_price_comes_back_to_the_digit_from_sqlite(
    sqlite_address: Secret, observe: Observe, archived: Archive, price: Decimal
) -> None:
    _assert_round_trip(sqlite_address, observe, archived, price)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(price=st.decimals(min_value=Decimal("1e-24"), max_value=Decimal("1e24"), allow_nan=False))
def test_any_price_comes_back_to_the_digit_from_postgresql(
    postgresql_address: Secret, observe: Observe, archived: Archive, price: Decimal
) -> None:
    _assert_round_trip(postgresql_address, observe, archived, price)


def _assert_round_trip(address: Secret, observe: Observe, archived: Archive, price: Decimal) -> None:
    with closing(Database(address)) as database:
        with database.writing() as connection:
            connection.execute(text("DELETE FROM observations"))
            connection.execute(text("DELETE FROM arrivals"))
            arrivals.record(connection, "bitcoin", archived(0), [observe(0, f"{price:f}")])
        with database.reading() as connection:
            (found,) = observations.read_by_arrival(connection, "bitcoin")
    assert f"{found.observation.price:f}" == f"{price:f}"

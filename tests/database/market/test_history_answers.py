from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from sqlalchemy import text

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.market.history_answers import CoinHistory
from pipeline_lib.model.answers import AnsweredRange, HistoryAnswer

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
BITCOIN = CoinHistory("bitcoin", "usd", NOW)

ANSWER = HistoryAnswer(
    start=NOW - 90 * DAY,
    end=NOW - 2 * DAY,
    requested_at=NOW - timedelta(hours=1),
    url="https://example.invalid/api/v3/coins/bitcoin/market_chart/range?from=1&to=2",
    body=b'{"prices":\t[[1,7202.50]]\n,"note":"\xe2\x82\xbf\x00"}',
)
RANGE = AnsweredRange(ANSWER.start, ANSWER.end, ANSWER.requested_at)


def keep(database: Database, *answers: HistoryAnswer, history: CoinHistory = BITCOIN) -> None:
    with database.writing() as connection:
        for answer in answers:
            history.keep(connection, answer)


def find(
    database: Database, changes: Mapping[str, int] = MappingProxyType({}), history: CoinHistory = BITCOIN
) -> HistoryAnswer | None:
    start, end, asked_from = (
        moment + changes.get(name, 0) * SECOND
        for name, moment in (
            ("start", ANSWER.start),
            ("end", ANSWER.end),
            ("asked_from", ANSWER.requested_at),
        )
    )
    with database.reading() as connection:
        return history.find(connection, start, end, asked_from)


def test_an_answer_is_found_letter_for_letter(database: Database) -> None:
    keep(database, ANSWER)
    assert find(database) == ANSWER
    with database.reading() as connection:
        assert BITCOIN.ranges(connection) == [RANGE]


def test_nothing_is_found_where_nothing_is(database: Database) -> None:
    assert find(database) is None
    keep(database, ANSWER, history=replace(BITCOIN, coin="ethereum"))
    keep(database, ANSWER, history=replace(BITCOIN, vs_currency="eur"))
    assert find(database) is None
    with database.reading() as connection:
        assert BITCOIN.ranges(connection) == []


@pytest.mark.parametrize(
    ("changes", "is_found"),
    [
        ({"start": 5, "end": -5, "asked_from": -5}, True),
        ({"start": -1}, False),
        ({"end": 1}, False),
        ({"asked_from": 1}, False),
    ],
)
def test_an_answer_serves_what_lies_in_its_range_and_before_its_asking(
    database: Database,
    changes: dict[str, int],
    is_found: bool,  # noqa: FBT001
) -> None:
    keep(database, ANSWER)
    assert (find(database, changes) == ANSWER) == is_found


def test_the_latest_answer_counts(database: Database) -> None:
    later = replace(ANSWER, requested_at=NOW, body=b"{}")
    keep(database, later, ANSWER)
    assert find(database) == later
    with database.reading() as connection:
        assert BITCOIN.ranges(connection) == [replace(RANGE, requested_at=NOW), RANGE]


@pytest.mark.parametrize(
    ("later", "is_found"),
    [
        (-timedelta(minutes=62), False),
        (-timedelta(minutes=61), True),
        (timedelta(0), True),
        (6 * DAY, True),
        (7 * DAY, False),
    ],
)
def test_an_answer_is_of_use_for_a_week_and_not_before_it_was_asked_for(
    database: Database,
    later: timedelta,
    is_found: bool,  # noqa: FBT001
) -> None:
    keep(database, ANSWER)
    assert (find(database, history=replace(BITCOIN, now=NOW + later)) is not None) == is_found


@pytest.mark.parametrize("later", [8 * DAY, -2 * timedelta(hours=1)])
def test_what_cant_be_used_is_removed_of_all_coins(database: Database, later: timedelta) -> None:
    keep(database, ANSWER, history=replace(BITCOIN, coin="ethereum"))
    keep(database, ANSWER)
    kept = replace(ANSWER, requested_at=NOW + later)
    keep(database, kept, history=replace(BITCOIN, now=NOW + later))
    with database.reading() as connection:
        assert connection.scalars(text("SELECT coin FROM history_answers")).all() == ["bitcoin"]


def test_no_more_than_eight_are_kept_of_a_coin(database: Database) -> None:
    keep(database, ANSWER, history=replace(BITCOIN, coin="ethereum"))
    keep(database, *(replace(ANSWER, requested_at=NOW - number * SECOND) for number in range(12)))
    with database.reading() as connection:
        query = "SELECT coin, COUNT(*) FROM history_answers GROUP BY coin ORDER BY coin"
        assert [tuple(row) for row in connection.execute(text(query))] == [("bitcoin", 8), ("ethereum", 1)]
    assert find(database, {"asked_from": 3593}) is not None
    with database.reading() as connection:
        oldest = BITCOIN.find(connection, ANSWER.start, ANSWER.end, NOW - 7 * SECOND)
        assert oldest is not None
        everything = connection.scalars(text("SELECT MIN(requested_at) FROM history_answers")).one()
    assert "11:00:00" in str(everything)

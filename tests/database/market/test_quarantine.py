from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.market.quarantine import (
    Quarantined,
    RefusedAnswer,
    count_unfilled,
    find_refused,
    keep,
    read,
)
from tests.fixtures.arrivals import arrive, observation

ANSWER = '{"id":"bitcoin",\t"current_price":-1, "name": "B\\u0069tcoin ₿ \\ud83d"}'.encode()
REFUSED = RefusedAnswer(
    pipeline="btc",
    coin="bitcoin",
    moment=datetime(2018, 2, 5, 14, tzinfo=UTC),
    kind="invalid-quote",
    reason="current_price is -1",
    url="https://api.example/coins/markets?ids=bitcoin",
    requested_at=datetime(2018, 2, 5, 14, 0, 3, tzinfo=UTC),
    status=200,
    answer=ANSWER,
)


def kept(database: Database, refused: RefusedAnswer) -> int:
    with database.writing() as connection:
        return keep(connection, refused)


def all_of(database: Database, pipeline: str = "btc") -> list[Quarantined]:
    with database.reading() as connection:
        return read(connection, pipeline)


@pytest.mark.parametrize("answer", [ANSWER, bytes(range(256)), b"", None])
def test_a_refused_answer_is_kept_letter_for_letter_with_the_reason(
    database: Database, answer: bytes | None
) -> None:
    refused = replace(REFUSED, answer=answer)
    number = kept(database, refused)
    assert all_of(database) == [Quarantined(number, refused)]
    assert all_of(database, "another") == []


def test_the_same_answer_again_makes_no_second_row_and_changes_nothing(database: Database) -> None:
    number = kept(database, REFUSED)
    for minute in range(3):
        later = replace(REFUSED, requested_at=REFUSED.moment + timedelta(minutes=minute), reason="again")
        assert kept(database, later) == number
    assert all_of(database) == [Quarantined(number, REFUSED)]


@pytest.mark.parametrize(
    "change",
    [
        {"answer": ANSWER + b" "},
        {"kind": "implausible-jump"},
        {"moment": datetime(2018, 2, 5, 15, tzinfo=UTC)},
        {"coin": "ethereum"},
    ],
)
def test_another_answer_kind_moment_or_coin_is_another_row(
    database: Database, change: dict[str, object]
) -> None:
    assert kept(database, REFUSED) != kept(database, replace(REFUSED, **change))  # type: ignore[arg-type]
    assert len(all_of(database)) == 2


def test_it_tells_what_was_refused_for_a_moment(database: Database) -> None:
    number = kept(database, REFUSED)
    hour = timedelta(hours=1)
    with database.reading() as connection:
        refused = find_refused(connection, "btc", REFUSED.moment)
        assert refused.find("bitcoin", ANSWER) == number
        assert refused.find("bitcoin", ANSWER + b" ") is None
        assert refused.find("ethereum", ANSWER) is None
        assert find_refused(connection, "btc", REFUSED.moment + hour).find("bitcoin", ANSWER) is None
        assert find_refused(connection, "another", REFUSED.moment).find("bitcoin", ANSWER) is None


def test_of_one_answer_refused_twice_the_first_number_is_told(database: Database) -> None:
    numbers = [kept(database, replace(REFUSED, kind=kind)) for kind in ("invalid-quote", "stale-quote")]
    with database.reading() as connection:
        assert find_refused(connection, "btc", REFUSED.moment).find("bitcoin", ANSWER) == min(numbers)


def test_what_is_known_of_it_may_be_the_reason_alone(database: Database) -> None:
    bare = replace(REFUSED, answer=None, url=None, requested_at=None, reason="odd \ud83d")
    kept(database, bare)
    kept(database, replace(bare, reason="even"))
    assert [each.refused.reason for each in all_of(database)] == ["odd \\ud83d", "even"]


def test_the_rows_of_a_pipeline_come_by_moment(database: Database) -> None:
    for hours in (2, 0, 1):
        kept(database, replace(REFUSED, moment=REFUSED.moment + hours * timedelta(hours=1)))
    assert [each.refused.moment.hour for each in all_of(database)] == [14, 15, 16]


def test_moments_that_an_observation_fills_are_not_counted(database: Database) -> None:
    hour = timedelta(hours=1)
    for hours in (0, 1, 2):
        kept(database, replace(REFUSED, moment=REFUSED.moment + hours * hour))
    kept(database, replace(REFUSED, kind="implausible-jump"))
    kept(database, replace(REFUSED, pipeline="other"))
    arrive(database, observation(1), pipeline="btc")
    arrive(database, observation(0), observation(2), pipeline="not-asked-for")
    arrive(database, observation(0, coin="another"), pipeline="other")
    with database.reading() as connection:
        assert count_unfilled(connection, REFUSED.moment) == {("btc", "bitcoin"): 2, ("other", "bitcoin"): 1}
        assert count_unfilled(connection, REFUSED.moment + hour) == {("btc", "bitcoin"): 1}

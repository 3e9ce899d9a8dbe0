from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.market import answers
from pipeline_lib.database.market.answers import AnswerKey
from pipeline_lib.errors import MarketUnavailableError
from pipeline_lib.model.answers import MarketAnswer

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEY = AnswerKey("usd", MOMENT)
BODY = b'[{"id":"bitcoin"},\n {"id":"ether\xc3\xa9um"}]\n\x00\xff'


def answer(*coins: str, requested_at: datetime = MOMENT) -> MarketAnswer:
    return MarketAnswer("usd", coins, f"https://x.example/?ids={'%2C'.join(coins)}", requested_at, BODY)


def plan(database: Database, key: AnswerKey, *pages: tuple[str, ...], now: datetime = MOMENT) -> None:
    with database.writing() as connection:
        answers.add_pages(connection, key, pages, now)


def keep(database: Database, key: AnswerKey, kept: MarketAnswer) -> None:
    plan(database, key, kept.coins)
    with database.writing() as connection:
        answers.keep_answer(connection, key, max(answers.read_pages(connection, key)), kept)


def test_an_answer_is_kept_byte_for_byte_for_its_page_alone(database: Database) -> None:
    kept = answer("bitcoin", "ethereum")
    plan(database, KEY, kept.coins, ("solana",))
    with database.writing() as connection:
        assert answers.find_answer(connection, KEY, 0, kept.coins, MOMENT) is None
        answers.keep_answer(connection, KEY, 0, kept)
        assert answers.find_answer(connection, KEY, 0, kept.coins, MOMENT) == kept
        assert answers.find_answer(connection, KEY, 0, ("bitcoin",), MOMENT) is None
        assert answers.find_answer(connection, KEY, 1, ("solana",), MOMENT) is None
        assert answers.find_answer(connection, AnswerKey("eur", MOMENT), 0, kept.coins, MOMENT) is None


def test_an_answer_to_other_coins_is_not_kept_as_the_pages(database: Database) -> None:
    plan(database, KEY, ("bitcoin",))
    with database.writing() as connection:
        answers.keep_answer(connection, KEY, 0, answer("ethereum"))
        answers.keep_answer(connection, KEY, 7, answer("bitcoin"))
        assert connection.scalar(text("SELECT COUNT(body) FROM shared_answers")) == 0


def test_pages_are_added_and_keep_their_numbers(database: Database) -> None:
    with database.reading() as connection:
        assert answers.read_pages(connection, KEY) == {}
    plan(database, KEY, ("a", "b"), ("c",))
    plan(database, KEY, ("d",))
    with database.writing() as connection:
        assert answers.read_pages(connection, KEY) == {0: ("a", "b"), 1: ("c",), 2: ("d",)}
        connection.execute(text("DELETE FROM shared_answers WHERE page = 0"))
        assert answers.read_pages(connection, KEY) == {1: ("c",), 2: ("d",)}


def test_two_plans_at_once_leave_one_page_a_number(postgresql_address: Secret) -> None:
    def plan_late() -> None:
        with closing(Database(postgresql_address)) as database:
            plan(database, KEY, ("b",), ("c",))

    with ThreadPoolExecutor(1) as pool, closing(Database(postgresql_address)) as database:
        with database.writing() as connection:
            answers.add_pages(connection, KEY, [("a",)], MOMENT)
            late = pool.submit(plan_late)
            while not connection.scalar(text("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")):
                assert not late.done()
        late.result()
        with database.reading() as connection:
            # Whose page was lost plans it again.
            assert answers.read_pages(connection, KEY) == {0: ("a",), 1: ("c",)}


@pytest.mark.parametrize("content", ["", "{", "7", '"a"', '["a'])
def test_a_page_that_cant_be_read_is_as_good_as_none(database: Database, content: str) -> None:
    keep(database, KEY, answer("a"))
    with database.writing() as connection:
        connection.execute(text("UPDATE shared_answers SET coins = :content"), {"content": content})
        assert answers.read_pages(connection, KEY) == {}
        assert answers.find_answer(connection, KEY, 0, ("a",), MOMENT) is None
        answers.add_pages(connection, KEY, [("a",)], MOMENT)
        assert answers.read_pages(connection, KEY) == {1: ("a",)}


def find_latest(
    connection: Connection, vs_currency: str, coins: Collection[str], now: datetime = MOMENT + HOUR
) -> Mapping[str, MarketAnswer]:
    return answers.find_latest(connection, vs_currency, coins, since=MOMENT - DAY, now=now)


@pytest.mark.parametrize(("ahead", "is_found"), [(60, True), (61, False), (3600, False)])
def test_an_answer_of_a_clock_that_was_fast_is_as_good_as_none(
    database: Database,
    ahead: int,
    is_found: bool,  # noqa: FBT001
) -> None:
    keep(database, KEY, answer("a", requested_at=MOMENT + ahead * SECOND))
    with database.reading() as connection:
        assert (answers.find_answer(connection, KEY, 0, ("a",), MOMENT) is not None) == is_found
        assert list(find_latest(connection, "usd", ["a"], MOMENT)) == (["a"] if is_found else [])


def test_the_latest_answer_with_a_coin_is_found(database: Database) -> None:
    first, second = answer("a", "b"), answer("b", "c", requested_at=MOMENT + SECOND)
    # Whose moment it was is no matter.
    keep(database, AnswerKey("usd", MOMENT + HOUR), first)
    keep(database, KEY, second)
    with database.writing() as connection:
        coins = ("a", "b", "c", "d", "%", "_")
        found = find_latest(connection, "usd", coins)
        assert found == {"a": first, "b": second, "c": second}
        assert find_latest(connection, "usd", ["b"]) == {"b": second}
        assert find_latest(connection, "usd", ["d"]) == {}
        assert find_latest(connection, "eur", ["b"]) == {}
        answers.remove_old(connection, MOMENT)
        connection.execute(text("DELETE FROM shared_answers WHERE coins LIKE '%c%'"))
        assert find_latest(connection, "usd", ["b"]) == {"b": first}


def test_what_was_asked_for_before_a_moment_is_left_out(database: Database) -> None:
    keep(database, AnswerKey("usd", MOMENT + HOUR), answer("a", "b"))
    keep(database, KEY, answer("b", "c", requested_at=MOMENT + SECOND))
    with database.reading() as connection:
        for seconds, coins in ((0, ["a", "b"]), (1, ["b"]), (2, [])):
            since = MOMENT + seconds * SECOND
            found = answers.find_latest(connection, "usd", ["a", "b"], since=since, now=MOMENT + HOUR)
            assert list(found) == coins


def test_the_newest_forty_answers_are_looked_at(database: Database) -> None:
    keep(database, KEY, answer("old"))
    for number in range(40):
        keep(database, KEY, answer(f"coin-{number}", requested_at=MOMENT + (number + 1) * SECOND))
    with database.reading() as connection:
        found = find_latest(connection, "usd", ["old", "coin-0"])
    assert list(found) == ["coin-0"]


def test_a_failure_is_everybodys_for_a_while(database: Database) -> None:
    plan(database, KEY, ("a",), ("b",))
    error = MarketUnavailableError("away", status=503, retry_after=7.0, hint="wait")
    with database.writing() as connection:
        assert answers.find_failure(connection, KEY, 0, MOMENT - DAY, MOMENT) is None
        answers.keep_failure(connection, KEY, 0, error, MOMENT)
        found = answers.find_failure(connection, KEY, 0, MOMENT - SECOND, MOMENT)
        assert type(found) is MarketUnavailableError
        assert vars(found) == {**vars(error), "message": "away, at 2018-02-05T14:00:00Z"}
        assert answers.find_failure(connection, KEY, 1, MOMENT - SECOND, MOMENT) is None
        assert answers.find_failure(connection, KEY, 0, MOMENT, MOMENT + SECOND) is None
        # The clock that it came by was an hour fast.
        assert answers.find_failure(connection, KEY, 0, MOMENT - HOUR - SECOND, MOMENT - HOUR) is None
        answers.keep_answer(connection, KEY, 0, answer("a"))
        assert answers.find_failure(connection, KEY, 0, MOMENT - SECOND, MOMENT) is None


def test_who_asks_is_known_to_those_that_wait(database: Database) -> None:
    plan(database, KEY, ("a",))
    with database.writing() as connection:
        assert answers.find_asker(connection, KEY, 0) == {}
        answers.note_asker(connection, KEY, 0, {"pipeline": "btc", "process": 7})
        assert answers.find_asker(connection, KEY, 0) == {"pipeline": "btc", "process": 7}
        for content in ("{", "[]"):
            connection.execute(text("UPDATE shared_answers SET asker = :content"), {"content": content})
            assert answers.find_asker(connection, KEY, 0) == {}
        assert answers.find_asker(connection, KEY, 1) == {}


def test_what_was_planned_two_days_ago_or_in_the_future_is_removed_whatever_its_moment(
    database: Database,
) -> None:
    ages = (2 * DAY + SECOND, 2 * DAY, timedelta(0), -60 * SECOND, -61 * SECOND)
    for number, age in enumerate(ages):
        plan(database, AnswerKey("usd", MOMENT - 100 * DAY + number * DAY), (f"c{number}",), now=MOMENT - age)
    with database.writing() as connection:
        answers.remove_old(connection, MOMENT)
        left = connection.scalars(text("SELECT coins FROM shared_answers ORDER BY id")).all()
    assert left == ['["c1"]', '["c2"]', '["c3"]']

"""Answers of the market that pipelines of one currency and one moment share.

A row is a page: coins that are asked for together, and later the answer, or why there is none. Pages are only
ever added, so that a page's number always means the same coins. It is a cache: what can't be read is as good
as not there, and so is what a clock that was fast has dated into the future.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, or_, select, update

from pipeline_lib.common.timestamps import CLOCK_TOLERANCE
from pipeline_lib.database.market.shared_failures import decode_failure, encode_failure
from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import shared_answers
from pipeline_lib.errors import MarketError
from pipeline_lib.model.answers import MarketAnswer

_KEPT_FOR = timedelta(days=2)
_LATEST = 40
"""Answers for 10,000 coins."""

_ANSWER = (
    shared_answers.c.vs_currency,
    shared_answers.c.coins,
    shared_answers.c.url,
    shared_answers.c.requested_at,
    shared_answers.c.body,
)

Page = tuple[str, ...]
"""The CoinGecko ids of one request."""


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """Whose answers they are.

    Attributes:
        vs_currency: The currency that prices are in.
        moment: The runs' moment (UTC).
    """

    vs_currency: str
    moment: datetime


def read_pages(connection: Connection, key: AnswerKey) -> Mapping[int, Page]:
    """The coins of each planned page, by number in the order of planning; none before the first is planned.

    Args:
        connection: A transaction.
        key: Whose answers they are.
    """
    query = select(shared_answers.c.page, shared_answers.c.coins).where(_of(key))
    pages = {row.page: _decode_page(row.coins) for row in connection.execute(query)}
    return {number: page for number, page in sorted(pages.items()) if page}


def add_pages(connection: Connection, key: AnswerKey, pages: Sequence[Page], now: datetime) -> None:
    """Plan more pages; those that another process has planned at the same time stay, in place of these.

    Args:
        connection: A transaction that writes.
        key: Whose answers they are.
        pages: The coins of each.
        now: The real clock (UTC).
    """
    last = connection.scalar(select(func.max(shared_answers.c.page)).where(_of(key)))
    rows = [
        {**_names(key), "page": number, "coins": json.dumps(page), "planned_at": now}
        for number, page in enumerate(pages, start=0 if last is None else last + 1)
    ]
    connection.execute(insert_or_ignore(connection, shared_answers).on_conflict_do_nothing(), rows)


def find_answer(
    connection: Connection, key: AnswerKey, number: int, coins: Page, now: datetime
) -> MarketAnswer | None:
    """The answer for a page, or None.

    Args:
        connection: A transaction.
        key: Whose answers they are.
        number: The page's number.
        coins: Its coins.
        now: The real clock (UTC).
    """
    query = select(*_ANSWER).where(_is_page(key, number), _is_answered(now))
    row = connection.execute(query).one_or_none()
    answer = None if row is None else _answer(row)
    return answer if answer and answer.coins == coins else None


def find_failure(
    connection: Connection, key: AnswerKey, number: int, since: datetime, now: datetime
) -> MarketError | None:
    """Why the last try to get a page failed, unless that was at or before ``since``, or nothing failed.

    Args:
        connection: A transaction.
        key: Whose answers they are.
        number: The page's number.
        since: Only what came later (UTC).
        now: The real clock (UTC).
    """
    query = select(shared_answers.c.failure, shared_answers.c.failed_at).where(
        _is_page(key, number),
        shared_answers.c.failed_at > since,
        shared_answers.c.failed_at <= now + CLOCK_TOLERANCE,
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else decode_failure(row.failure, row.failed_at)


def postpone(connection: Connection, key: AnswerKey, number: int, until: datetime) -> None:
    """Note that the call for a page waits for its turn.

    Args:
        connection: A transaction that writes.
        key: Whose answers they are.
        number: The page's number.
        until: When it is made (UTC).
    """
    connection.execute(update(shared_answers).where(_is_page(key, number)).values(postponed_until=until))


def find_postponed(connection: Connection, key: AnswerKey, number: int) -> datetime | None:
    """Until when the call for a page waits for its turn (UTC), if it does; may lie in the past.

    Args:
        connection: A transaction.
        key: Whose answers they are.
        number: The page's number.
    """
    return connection.scalar(select(shared_answers.c.postponed_until).where(_is_page(key, number)))


def note_asker(connection: Connection, key: AnswerKey, number: int, asker: Mapping[str, object]) -> None:
    """Note who asks for a page, for those that wait.

    Args:
        connection: A transaction that writes.
        key: Whose answers they are.
        number: The page's number.
        asker: What names the process.
    """
    connection.execute(
        update(shared_answers).where(_is_page(key, number)).values(asker=json.dumps(dict(asker)))
    )


def find_asker(connection: Connection, key: AnswerKey, number: int) -> Mapping[str, Any]:
    """Who asked for a page last, as :func:`note_asker` was given it; empty where nobody has.

    Args:
        connection: A transaction.
        key: Whose answers they are.
        number: The page's number.
    """
    text = connection.scalar(select(shared_answers.c.asker).where(_is_page(key, number)))
    try:
        asker = json.loads(text or "{}")
    except ValueError:
        return {}
    return asker if isinstance(asker, dict) else {}


def keep_answer(connection: Connection, key: AnswerKey, number: int, answer: MarketAnswer) -> None:
    """Share the answer for a page, if the page is still there.

    Args:
        connection: A transaction that writes.
        key: Whose answers they are.
        number: The page's number.
        answer: What came.
    """
    is_same_page = and_(_is_page(key, number), shared_answers.c.coins == json.dumps(answer.coins))
    values = {
        "url": answer.url,
        "requested_at": answer.requested_at,
        "body": answer.body,
        "failed_at": None,
        "failure": None,
    }
    connection.execute(update(shared_answers).where(is_same_page).values(values))


def keep_failure(
    connection: Connection, key: AnswerKey, number: int, error: MarketError, failed_at: datetime
) -> None:
    """Tell others that asking for a page ended in ``error``.

    Args:
        connection: A transaction that writes.
        key: Whose answers they are.
        number: The page's number.
        error: Why.
        failed_at: By the real clock (UTC).
    """
    connection.execute(
        update(shared_answers)
        .where(_is_page(key, number))
        .values(failure=encode_failure(error), failed_at=failed_at)
    )


def find_latest(
    connection: Connection, vs_currency: str, coins: Collection[str], *, since: datetime, now: datetime
) -> Mapping[str, MarketAnswer]:
    """The latest answer that each coin was asked for in, whatever moment it was asked for; of some, none.

    Args:
        connection: A transaction.
        vs_currency: The currency that prices are in.
        coins: CoinGecko ids.
        since: Only answers that were asked for since then (UTC).
        now: The real clock (UTC).
    """
    latest = (
        select(shared_answers.c.id, shared_answers.c.coins)
        .where(
            shared_answers.c.vs_currency == vs_currency,
            shared_answers.c.requested_at >= since,
            _is_answered(now),
        )
        .order_by(shared_answers.c.requested_at.desc(), shared_answers.c.id.desc())
        .limit(_LATEST)
    )
    newest: dict[str, int] = {}
    for row in connection.execute(latest):
        for coin in _decode_page(row.coins):
            newest.setdefault(coin, row.id)
    keys = {coin: newest[coin] for coin in coins if coin in newest}
    if not keys:
        return {}
    query = select(shared_answers.c.id, *_ANSWER).where(shared_answers.c.id.in_(set(keys.values())))
    found = {row.id: _answer(row) for row in connection.execute(query)}
    return {coin: found[key] for coin, key in keys.items() if key in found}


def remove_old(connection: Connection, now: datetime) -> None:
    """Remove what was planned more than two days ago, or by a clock that was fast.

    Args:
        connection: A transaction that writes.
        now: The real clock (UTC).
    """
    is_old = or_(
        shared_answers.c.planned_at < now - _KEPT_FOR, shared_answers.c.planned_at > now + CLOCK_TOLERANCE
    )
    # Two that remove the same rows in another order would wait for each other for ever.
    old = select(shared_answers.c.id).where(is_old).with_for_update(skip_locked=True)
    connection.execute(delete(shared_answers).where(shared_answers.c.id.in_(old)))


def _of(key: AnswerKey) -> ColumnElement[bool]:
    return and_(*(shared_answers.c[name] == value for name, value in _names(key).items()))


def _is_page(key: AnswerKey, number: int) -> ColumnElement[bool]:
    return and_(_of(key), shared_answers.c.page == number)


def _is_answered(now: datetime) -> ColumnElement[bool]:
    return shared_answers.c.requested_at <= now + CLOCK_TOLERANCE


def _names(key: AnswerKey) -> dict[str, object]:
    return {"vs_currency": key.vs_currency, "moment": key.moment}


def _answer(row: Row[*tuple[Any, ...]]) -> MarketAnswer:
    return MarketAnswer(row.vs_currency, _decode_page(row.coins), row.url, row.requested_at, row.body)


def _decode_page(text: str) -> Page:
    try:
        coins = json.loads(text)
    except ValueError:
        return ()
    return tuple(map(str, coins)) if isinstance(coins, list) else ()

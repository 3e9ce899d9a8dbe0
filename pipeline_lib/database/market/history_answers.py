"""Answers of CoinGecko's history, kept so that one call serves all runs that need some of it.

They belong to a coin, not to a pipeline. A cache: every row may be deleted at any time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select

from pipeline_lib.common.timestamps import CLOCK_TOLERANCE
from pipeline_lib.database.tables import history_answers
from pipeline_lib.model.answers import AnsweredRange, HistoryAnswer

_LONGEST_AGE = timedelta(days=7)
# Five ranges of 89 days make a year.
MOST_ANSWERS = 8
"""How many answers are kept of a coin in a currency."""

_NEWEST_FIRST = (
    history_answers.c.requested_at.desc(),
    history_answers.c.start.desc(),
    history_answers.c.id.desc(),
)


def find_coins(
    connection: Connection, vs_currency: str, covered: AnsweredRange, now: datetime
) -> frozenset[str]:
    """The coins of which an answer covers a range of time.

    Args:
        connection: A transaction.
        vs_currency: The currency that prices are in.
        covered: What must be in it, and the earliest time at which it may have been asked for.
        now: The time by the real clock (UTC).
    """
    query = (
        select(history_answers.c.coin)
        .distinct()
        .where(
            history_answers.c.vs_currency == vs_currency,
            _is_of_now(now),
            history_answers.c.start <= covered.start,
            history_answers.c.end >= covered.end,
            history_answers.c.requested_at >= covered.requested_at,
        )
    )
    return frozenset(connection.scalars(query))


@dataclass(frozen=True, slots=True)
class CoinHistory:
    """The answers kept of one coin in one currency.

    Attributes:
        coin: CoinGecko id.
        vs_currency: The currency that prices are in.
        now: The time by the real clock (UTC). By it, answers that are older than a week count as none, and
            so do those of a clock that was fast.
    """

    coin: str
    vs_currency: str
    now: datetime

    def find(
        self, connection: Connection, start: datetime, end: datetime, asked_from: datetime
    ) -> HistoryAnswer | None:
        """The latest answer that covers a range of time, or None.

        Args:
            connection: A transaction.
            start: The first moment that must be in it.
            end: The last one.
            asked_from: The earliest time at which it may have been asked for.
        """
        query = select(
            history_answers.c.start,
            history_answers.c.end,
            history_answers.c.requested_at,
            history_answers.c.url,
            history_answers.c.body,
        ).where(
            self._is_usable(),
            history_answers.c.start <= start,
            history_answers.c.end >= end,
            history_answers.c.requested_at >= asked_from,
        )
        row = connection.execute(query.order_by(*_NEWEST_FIRST).limit(1)).one_or_none()
        return None if row is None else HistoryAnswer(*row)

    def ranges(self, connection: Connection) -> list[AnsweredRange]:
        """The ranges at hand, the newest answer first."""
        columns = (history_answers.c.start, history_answers.c.end, history_answers.c.requested_at)
        query = select(*columns).where(self._is_usable()).order_by(*_NEWEST_FIRST)
        return [AnsweredRange(*row) for row in connection.execute(query)]

    def keep(self, connection: Connection, answer: HistoryAnswer) -> None:
        """Keep an answer; let go of those of any coin that can't be used, and of this coin's beyond eight.

        Args:
            connection: A transaction that writes.
            answer: What came.
        """
        connection.execute(
            history_answers.insert().values(
                coin=self.coin,
                vs_currency=self.vs_currency,
                start=answer.start,
                end=answer.end,
                requested_at=answer.requested_at,
                url=answer.url,
                body=answer.body,
            )
        )
        kept = select(history_answers.c.id).where(self._is_usable())
        kept = kept.order_by(*_NEWEST_FIRST).limit(MOST_ANSWERS)
        surplus = or_(
            history_answers.c.requested_at < self.now - _LONGEST_AGE,
            history_answers.c.requested_at > self.now + CLOCK_TOLERANCE,
            and_(self._is_of_coin(), history_answers.c.id.not_in(kept.scalar_subquery())),
        )
        # Two that remove the same rows in another order would wait for each other for ever.
        removed = select(history_answers.c.id).where(surplus).with_for_update(skip_locked=True)
        connection.execute(delete(history_answers).where(history_answers.c.id.in_(removed)))

    def _is_of_coin(self) -> ColumnElement[bool]:
        return and_(history_answers.c.coin == self.coin, history_answers.c.vs_currency == self.vs_currency)

    def _is_usable(self) -> ColumnElement[bool]:
        return and_(self._is_of_coin(), _is_of_now(self.now))


def _is_of_now(now: datetime) -> ColumnElement[bool]:
    """Neither too old nor of a clock that was fast."""
    return history_answers.c.requested_at.between(now - _LONGEST_AGE, now + CLOCK_TOLERANCE)

"""The quarantine: answers that were refused, each with the reason, letter for letter, for people to look at.

Nothing deletes these rows: whoever has looked may.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from pipeline_lib.database.pipelines import insert_or_ignore
from pipeline_lib.database.tables import observations, pipelines, quarantine, series


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """An answer that became no observation.

    Attributes:
        pipeline: The pipeline's name.
        coin: CoinGecko id.
        moment: The moment of its run (UTC).
        kind: What is wrong, in a word or two: ``invalid-quote``.
        reason: What is wrong, for people.
        url: The request's address, without a key; None where it isn't known.
        requested_at: When it was asked for, by the real clock (UTC); None where it isn't known.
        status: The answer's HTTP status.
        answer: What came; None where it isn't known.
    """

    pipeline: str
    coin: str
    moment: datetime
    kind: str
    reason: str
    url: str | None
    requested_at: datetime | None
    status: int
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A refused answer in the quarantine.

    Attributes:
        number: Its number there.
        refused: The answer.
    """

    number: int
    refused: RefusedAnswer


def keep(connection: Connection, refused: RefusedAnswer) -> int:
    """Keep a refused answer; the same answer again changes nothing.

    Args:
        connection: A transaction that writes.
        refused: The answer.

    Returns:
        Its number in the quarantine.
    """
    # Half a character, as JSON may have it, is text that no database takes.
    reason = refused.reason.encode(errors="backslashreplace").decode()
    digest = _hash(refused.answer if refused.answer is not None else reason.encode())
    connection.execute(
        insert_or_ignore(connection, quarantine)
        .values(
            pipeline=refused.pipeline,
            coin=refused.coin,
            moment=refused.moment,
            kind=refused.kind,
            answer_sha256=digest,
            reason=reason,
            url=refused.url,
            requested_at=refused.requested_at,
            status=refused.status,
            answer=refused.answer,
        )
        .on_conflict_do_nothing()
    )
    query = select(quarantine.c.id).where(
        quarantine.c.pipeline == refused.pipeline,
        quarantine.c.coin == refused.coin,
        quarantine.c.moment == refused.moment,
        quarantine.c.kind == refused.kind,
        quarantine.c.answer_sha256 == digest,
    )
    number: int = connection.scalars(query).one()
    return number


@dataclass(frozen=True, slots=True)
class RefusedBefore:
    """What was refused as the observations of a run's moment: the same answers won't get better.

    Attributes:
        numbers: In the quarantine, by coin and hash of the answer.
    """

    numbers: Mapping[tuple[str, str], int]

    def find(self, coin: str, answer: bytes) -> int | None:
        """The number of this very answer; None when it wasn't refused.

        Args:
            coin: CoinGecko id.
            answer: The coin's part of it.
        """
        return self.numbers.get((coin, _hash(answer))) if self.numbers else None


def find_refused(connection: Connection, pipeline: str, moment: datetime) -> RefusedBefore:
    """What was refused as the observations of a moment.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
        moment: Of the run (UTC).
    """
    query = select(quarantine.c.coin, quarantine.c.answer_sha256, quarantine.c.id).where(
        quarantine.c.pipeline == pipeline, quarantine.c.moment == moment
    )
    rows = connection.execute(query.order_by(quarantine.c.id.desc()))
    return RefusedBefore({(row.coin, row.answer_sha256): row.id for row in rows})


def read(connection: Connection, pipeline: str) -> list[Quarantined]:
    """What the quarantine holds of a pipeline, by moment.

    Args:
        connection: A transaction.
        pipeline: Name of the pipeline.
    """
    query = select(quarantine).where(quarantine.c.pipeline == pipeline)
    query = query.order_by(quarantine.c.moment, quarantine.c.id)
    return [_quarantined(row) for row in connection.execute(query)]


def count_unfilled(connection: Connection, since: datetime) -> Mapping[tuple[str, str], int]:
    """How many moments have refused answers and no observation, by pipeline and coin.

    Args:
        connection: A transaction.
        since: The first moment that counts (UTC).
    """
    observed = exists().where(
        pipelines.c.name == quarantine.c.pipeline,
        series.c.pipeline_id == pipelines.c.id,
        series.c.coin == quarantine.c.coin,
        observations.c.series_id == series.c.id,
        observations.c.moment == quarantine.c.moment,
    )
    query = (
        select(quarantine.c.pipeline, quarantine.c.coin, func.count(quarantine.c.moment.distinct()))
        .where(quarantine.c.moment >= since, ~observed)
        .group_by(quarantine.c.pipeline, quarantine.c.coin)
    )
    return {(pipeline, coin): count for pipeline, coin, count in connection.execute(query)}


def _quarantined(row: Row[*tuple[Any, ...]]) -> Quarantined:
    refused = RefusedAnswer(
        pipeline=row.pipeline,
        coin=row.coin,
        moment=row.moment,
        kind=row.kind,
        reason=row.reason,
        url=row.url,
        requested_at=row.requested_at,
        status=row.status,
        answer=row.answer,
    )
    return Quarantined(row.id, refused)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""Which range of time to ask CoinGecko's history for, so that few calls serve many runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_lib.market.history.observations import HISTORY_LAG
from pipeline_lib.model.answers import AnsweredRange

LONGEST_RANGE = timedelta(days=89)
"""The widest range asked for. Up to 90 days CoinGecko gives a point an hour, beyond that one a day."""

# Runs that are started at once come in no order.
_BEHIND = timedelta(days=2)
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class HistoryRange:
    """A range of time to ask for, both ends included (UTC, to the second)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class AnswerNeeded:
    """What an answer must be to settle what the price of a moment was.

    Attributes:
        start: The first moment that must be in it (UTC).
        end: The last one.
        asked_from: The earliest time at which it may have been asked for.
    """

    start: datetime
    end: datetime
    asked_from: datetime

    def is_met_by(self, answered: AnsweredRange) -> bool:
        """Whether an answer of this range is one."""
        is_covered = answered.start <= self.start and answered.end >= self.end
        return is_covered and answered.requested_at >= self.asked_from


def answer_needed(
    moment: datetime, tolerance: timedelta, earliest: datetime, shared_from: datetime
) -> AnswerNeeded:
    """An answer from when the points of the moment had come, or one that CoinGecko would only repeat.

    Args:
        moment: The moment (UTC).
        tolerance: How long before its moment a point may lie.
        earliest: Where the plan's history begins; before it there is nothing to be had.
        shared_from: From when on CoinGecko would give the same answer again.
    """
    needed = range_needed(moment, tolerance)
    asked_from = min(moment + HISTORY_LAG, max(moment, shared_from))
    return AnswerNeeded(max(needed.start, earliest), needed.end, asked_from)


def range_needed(moment: datetime, tolerance: timedelta) -> HistoryRange:
    """What a moment's price and both its moves are read from."""
    return HistoryRange(moment - _DAY - tolerance, moment)


def range_to_ask(
    needed: HistoryRange, earliest: datetime, now: datetime, known: Iterable[datetime]
) -> HistoryRange:
    """The range that also serves most of the runs that will need history next.

    89 days wide, so that one call gives hourly points for as many moments as it can. All but two of them lie
    ahead of the moment, since backfills go forward, up to now or to where a range that is at hand already
    begins; the rest lies behind it, which is what a backfill that goes backwards will need.

    Args:
        needed: What must be in it.
        earliest: Where the plan's history begins.
        now: By the real clock.
        known: Where the ranges at hand begin.
    """
    ends = [needed.start + LONGEST_RANGE - _BEHIND, now, *(start for start in known if start > needed.start)]
    end = max(needed.end, min(ends))
    return HistoryRange(max(end - LONGEST_RANGE, earliest), end)
